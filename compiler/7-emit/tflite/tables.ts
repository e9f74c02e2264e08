/** Tables of FlatBuffers as lists of slots, over the builder of the package. What a table points to is written before it. */

import { Builder, type Offset } from 'flatbuffers';

export type ScalarType = 'bool' | 'int8' | 'uint8' | 'int32' | 'uint32' | 'float32';

/** A field by its number in the schema: a scalar, or where something lies that was written before. */
export type Slot =
  | { readonly id: number; readonly offset: Offset }
  | {
      readonly id: number;
      readonly type: ScalarType;
      readonly value: number;
      /** What a reader takes where the field is missing; it is left out then. */
      readonly missing: number;
    };

export const at = (id: number, offset: Offset): Slot => ({ id, offset });

export const scalar = (id: number, type: ScalarType, value: number, missing = 0): Slot => ({
  id,
  type,
  value,
  missing,
});

export class TableWriter {
  readonly #builder: Builder;

  /** `size`: about as many bytes as will be written, so that nothing is copied on the way. */
  constructor(size: number) {
    this.#builder = new Builder(size);
  }

  table(...slots: readonly Slot[]): Offset {
    const builder = this.#builder;
    builder.startObject(Math.max(-1, ...slots.map(({ id }) => id)) + 1);
    for (const slot of slots) this.#write(slot);
    return builder.endObject();
  }

  text(value: string): Offset {
    return this.#builder.createString(value);
  }

  integers(values: readonly number[]): Offset {
    const builder = this.#builder;
    builder.startVector(4, values.length, 4);
    for (const value of values.toReversed()) builder.addInt32(value);
    return builder.endVector();
  }

  tables(offsets: readonly Offset[]): Offset {
    const builder = this.#builder;
    builder.startVector(4, offsets.length, 4);
    for (const offset of offsets.toReversed()) builder.addOffset(offset);
    return builder.endVector();
  }

  /** The first byte stands at a multiple of `alignment`, a power of two. */
  bytes(values: Uint8Array, alignment: number): Offset {
    this.#builder.prep(alignment, values.byteLength);
    return this.#builder.createByteVector(values);
  }

  finish(root: Offset, identifier: string): Uint8Array {
    this.#builder.finish(root, identifier);
    return this.#builder.asUint8Array();
  }

  #write(slot: Slot): void {
    const builder = this.#builder;
    if ('offset' in slot) {
      builder.addFieldOffset(slot.id, slot.offset, 0);
      return;
    }
    const { id, type, value, missing } = slot;
    if (type === 'float32') builder.addFieldFloat32(id, value, missing);
    else if (type === 'int32' || type === 'uint32') builder.addFieldInt32(id, value, missing);
    else builder.addFieldInt8(id, value, missing);
  }
}
