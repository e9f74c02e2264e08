/**
 * Writes protocol buffers: varints, 32-bit floats and length-prefixed bytes, which is all that ONNX needs. A message is
 * a list of fields; the lengths follow from the contents.
 * Wire format: https://protobuf.dev/programming-guides/encoding
 */

export type Message = readonly Uint8Array[];

const wire = { varint: 0, bytes: 2, float: 5 } as const;

/** A whole number that doubles hold exactly; negative ones take ten bytes, as int64 does. */
export function integer(field: number, value: number): Message {
  return [key(field, wire.varint), varint(value)];
}

export function float(field: number, value: number): Message {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return [key(field, wire.float), bytes];
}

export function bytes(field: number, value: Uint8Array): Message {
  return [key(field, wire.bytes), varint(value.byteLength), value];
}

export function text(field: number, value: string): Message {
  return bytes(field, new TextEncoder().encode(value));
}

export function message(field: number, ...fields: readonly Message[]): Message {
  const parts = fields.flat();
  return [key(field, wire.bytes), varint(lengthOf(parts)), ...parts];
}

export function integers(field: number, values: readonly number[]): Message {
  return values.flatMap((value) => integer(field, value));
}

export function assemble(...fields: readonly Message[]): Uint8Array<ArrayBuffer> {
  const parts = fields.flat();
  const file = new Uint8Array(lengthOf(parts));
  let at = 0;
  for (const part of parts) {
    file.set(part, at);
    at += part.byteLength;
  }
  return file;
}

function lengthOf(parts: Message): number {
  return parts.reduce((sum, part) => sum + part.byteLength, 0);
}

function key(field: number, type: number): Uint8Array {
  return varint(field * 8 + type);
}

function varint(value: number): Uint8Array {
  if (!Number.isSafeInteger(value)) throw new Error(`netlathe bug: ${value} is no whole number`);
  const digits: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    const low = Number(rest & 127n);
    rest >>= 7n;
    digits.push(rest > 0n ? low | 128 : low);
  } while (rest > 0n);
  return Uint8Array.from(digits);
}
