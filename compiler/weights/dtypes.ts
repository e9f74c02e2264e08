/** The element types of a weights file, and float32 from those that hold real numbers. */

/** Bytes of an element, by name. The list is closed: what is not in it is refused. */
export const dtypes = {
  F64: 8,
  I64: 8,
  U64: 8,
  F32: 4,
  I32: 4,
  U32: 4,
  F16: 2,
  BF16: 2,
  I16: 2,
  U16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
} as const;

export type Dtype = keyof typeof dtypes;

export function isDtype(name: unknown): name is Dtype {
  return typeof name === 'string' && Object.hasOwn(dtypes, name);
}

/** Exact for F32, F16 and BF16, rounded for F64; `undefined` for integers, which mean nothing without their scale. */
export function toFloat32(dtype: Dtype, bytes: Uint8Array): Float32Array | undefined {
  const values = new Float32Array(bytes.byteLength / dtypes[dtype]);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (dtype) {
    case 'F32':
      // Whole words, so that the bits of a NaN survive.
      new Uint8Array(values.buffer).set(bytes);
      return values;
    case 'F64':
      return values.map((_, i) => view.getFloat64(i * 8, true));
    case 'BF16': {
      const words = new Uint32Array(values.buffer);
      for (let i = 0; i < words.length; i++) words[i] = view.getUint16(i * 2, true) << 16;
      return values;
    }
    case 'F16':
      return values.map((_, i) => fromHalf(view.getUint16(i * 2, true)));
    default:
      return undefined;
  }
}

/** IEEE 754 binary16 to a number; exact. */
export function fromHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
