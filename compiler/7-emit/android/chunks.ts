/** The pieces that Android's binary XML and resource tables are made of: frameworks/base ResourceTypes.h. */

export const none = 0xffffffff;

export const valueTypes = {
  reference: 0x01,
  string: 0x03,
  decimal: 0x10,
  hexadecimal: 0x11,
  boolean: 0x12,
  colour: 0x1d,
} as const;

export function u8(...values: readonly number[]): Buffer {
  return Buffer.from(values);
}

export function u16(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length);
  for (const [i, value] of values.entries()) bytes.writeUInt16LE(value, 2 * i);
  return bytes;
}

export function u32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) bytes.writeUInt32LE(value >>> 0, 4 * i);
  return bytes;
}

/** `header` is what follows type and sizes in the header; the whole is padded to words. */
export function chunk(type: number, header: Buffer, ...body: readonly Buffer[]): Buffer {
  const contents = Buffer.concat(body);
  const padding = (4 - (contents.length % 4)) % 4;
  const headerSize = 8 + header.length;
  return Buffer.concat([
    u16(type, headerSize),
    u32(headerSize + contents.length + padding),
    header,
    contents,
    Buffer.alloc(padding),
  ]);
}

/** Res_value. */
export function typed(type: number, data: number): Buffer {
  return Buffer.concat([u16(8), u8(0, type), u32(data)]);
}

/** ResStringPool in UTF-16. */
export class StringPool {
  readonly #places = new Map<string, number>();

  add(text: string): number {
    const place = this.#places.get(text) ?? this.#places.size;
    this.#places.set(text, place);
    return place;
  }

  chunk(): Buffer {
    const strings = [...this.#places.keys()].map((text) => {
      const { length } = text;
      if (length > 0x7fff) throw new Error('netlathe bug: a string too long for a resource');
      return Buffer.concat([u16(length), Buffer.from(text, 'utf16le'), u16(0)]);
    });
    let at = 0;
    const offsets = strings.map((bytes) => {
      const offset = at;
      at += bytes.length;
      return offset;
    });
    const start = 28 + 4 * offsets.length;
    const header = u32(strings.length, 0, 0, start, 0);
    return chunk(0x0001, header, u32(...offsets), ...strings);
  }
}
