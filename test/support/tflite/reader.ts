/**
 * Reads a .tflite file with the FlatBuffers package and the numbers of schema.fbs, written down here once more: a number
 * that the compiler has wrong shows.
 */
import { ByteBuffer } from 'flatbuffers';

/** A table by its place; fields by their numbers. */
export class Table {
  readonly #bytes: ByteBuffer;
  readonly #place: number;

  constructor(bytes: ByteBuffer, place: number) {
    this.#bytes = bytes;
    this.#place = place;
  }

  int8(field: number, missing = 0): number {
    const at = this.#at(field);
    return at ? this.#bytes.readInt8(at) : missing;
  }

  int32(field: number, missing = 0): number {
    const at = this.#at(field);
    return at ? this.#bytes.readInt32(at) : missing;
  }

  float32(field: number, missing = 0): number {
    const at = this.#at(field);
    return at ? this.#bytes.readFloat32(at) : missing;
  }

  text(field: number): string {
    const at = this.#at(field);
    return at ? String(this.#bytes.__string(at)) : '';
  }

  table(field: number): Table | undefined {
    const at = this.#at(field);
    return at ? new Table(this.#bytes, this.#bytes.__indirect(at)) : undefined;
  }

  tables(field: number): readonly Table[] {
    return this.#places(field).map((at) => new Table(this.#bytes, this.#bytes.__indirect(at)));
  }

  integers(field: number): readonly number[] | undefined {
    if (!this.#at(field)) return undefined;
    return this.#places(field).map((at) => this.#bytes.readInt32(at));
  }

  /** With the place of the first in the file. */
  bytes(field: number): { readonly start: number; readonly bytes: Uint8Array } | undefined {
    const at = this.#at(field);
    if (!at) return undefined;
    const start = this.#bytes.__vector(at);
    const length = this.#bytes.__vector_len(at);
    return { start, bytes: this.#bytes.bytes().slice(start, start + length) };
  }

  /** Of the elements of a vector of four bytes each. */
  #places(field: number): readonly number[] {
    const at = this.#at(field);
    if (!at) return [];
    const start = this.#bytes.__vector(at);
    return Array.from({ length: this.#bytes.__vector_len(at) }, (_, i) => start + 4 * i);
  }

  #at(field: number): number {
    const offset = this.#bytes.__offset(this.#place, 4 + 2 * field);
    return offset && this.#place + offset;
  }
}

export interface ReadTensor {
  readonly name: string;
  readonly type: number;
  readonly shape: readonly number[];
  readonly signature: readonly number[] | undefined;
  readonly constant: { readonly start: number; readonly bytes: Uint8Array } | undefined;
}

export interface ReadOperator {
  readonly code: number;
  readonly version: number;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** The number of the table in the union. */
  readonly optionsType: number;
  readonly options: Table | undefined;
}

export interface ReadModel {
  readonly description: string;
  readonly tensors: readonly ReadTensor[];
  readonly operators: readonly ReadOperator[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** Names of the signature, with the tensors that they mean. */
  readonly signature: {
    readonly key: string;
    readonly inputs: readonly (readonly [string, number])[];
    readonly outputs: readonly (readonly [string, number])[];
  };
  readonly metadata: ReadonlyMap<string, string>;
}

export function readTflite(file: Uint8Array): ReadModel {
  const bytes = new ByteBuffer(file);
  if (!bytes.__has_identifier('TFL3')) throw new Error('not a .tflite file');
  const root = new Table(bytes, bytes.readInt32(0));
  if (root.int32(0) !== 3) throw new Error(`version ${root.int32(0)} of the schema`);
  const [subgraph, ...more] = root.tables(2);
  if (!subgraph || more.length > 0) throw new Error('not one graph');
  const buffers = root.tables(4);
  if (buffers[0]?.bytes(0)) throw new Error('the first buffer is not empty');
  const codes = root.tables(1);
  return {
    description: root.text(3),
    tensors: subgraph.tables(0).map((tensor) => ({
      name: tensor.text(3),
      type: tensor.int8(1),
      shape: tensor.integers(0) ?? [],
      signature: tensor.integers(7),
      constant: (buffers[tensor.int32(2)] as Table).bytes(0),
    })),
    operators: subgraph.tables(3).map((operator) => readOperator(operator, codes)),
    inputs: subgraph.integers(1) ?? [],
    outputs: subgraph.integers(2) ?? [],
    signature: readSignature(root.tables(7)),
    metadata: new Map(
      root.tables(6).map((entry) => {
        const contents = (buffers[entry.int32(1)] as Table).bytes(0);
        return [entry.text(0), new TextDecoder().decode(contents?.bytes)];
      }),
    ),
  };
}

function readOperator(operator: Table, codes: readonly Table[]): ReadOperator {
  const code = codes[operator.int32(0)] as Table;
  // Old readers take the first number, which ends at 127.
  if (code.int8(0) !== Math.min(127, code.int32(3))) throw new Error('two codes that differ');
  return {
    code: code.int32(3),
    version: code.int32(2, 1),
    inputs: operator.integers(1) ?? [],
    outputs: operator.integers(2) ?? [],
    optionsType: operator.int8(3),
    options: operator.table(4),
  };
}

function readSignature(all: readonly Table[]): ReadModel['signature'] {
  const [signature, ...more] = all;
  if (!signature || more.length > 0) throw new Error('not one signature');
  const map = (field: number) =>
    signature.tables(field).map((entry) => [entry.text(0), entry.int32(1)] as const);
  return { key: signature.text(2), inputs: map(0), outputs: map(1) };
}
