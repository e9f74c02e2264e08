import { bytesOfBase64 } from './base64.ts';
import type { ModelSpec } from './types.ts';

/** A fingerprint of whole words: weights of another model or a broken download are refused. Not for security. */
export function fingerprintOf(words: Uint32Array): number {
  let hash = words.length | 0;
  for (let i = 0; i < words.length; i++) {
    hash = Math.imul(hash ^ (words[i] as number), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return hash >>> 0;
}

/** Puts the weights where the kernels look for them. */
export function loadWeights(
  spec: ModelSpec,
  given: ArrayBuffer | Uint8Array | undefined,
  memory: ArrayBuffer,
): void {
  const { bytes: size, hash, parts, data } = spec.weights;
  const source = given ?? (data === undefined ? undefined : bytesOfBase64(data));
  if (!source) throw new TypeError('create({ weights }) needs the contents of weights.bin');
  let bytes = source instanceof Uint8Array ? source : new Uint8Array(source);
  if (bytes.length !== size) {
    throw new RangeError(`the weights have ${bytes.length} bytes, this model has ${size}`);
  }
  // Words need an aligned start, which a part of a larger buffer may not have. (`slice` of a Node Buffer is no copy.)
  if (bytes.byteOffset % 4 !== 0) bytes = new Uint8Array(bytes);
  const { buffer, byteOffset } = bytes;
  if (fingerprintOf(new Uint32Array(buffer, byteOffset, size / 4)) !== hash) {
    throw new RangeError('the weights are damaged, or those of another model');
  }
  let at = byteOffset;
  for (const [offset, count, width] of parts) {
    if (width === 1) {
      new Uint8Array(memory, offset, count).set(new Uint8Array(buffer, at, count));
    } else if (width === 4) {
      new Uint32Array(memory, offset, count).set(new Uint32Array(buffer, at, count));
    } else {
      expandHalves(new Uint16Array(buffer, at, count), new Uint32Array(memory, offset, count));
    }
    at += Math.ceil((count * width) / 4) * 4;
  }
}

/** Half floats to the bits of floats: no engine of today's phones can be relied on for Float16Array. */
export function expandHalves(halves: Uint16Array, floats: Uint32Array): void {
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i] as number;
    const sign = (half & 0x8000) << 16;
    let exponent = (half >> 10) & 31;
    let mantissa = half & 0x3ff;
    if (exponent === 0 && mantissa !== 0) {
      // Subnormal: as a float it is normal.
      const shift = Math.clz32(mantissa) - 21;
      mantissa = (mantissa << shift) & 0x3ff;
      exponent = 1 - shift;
    } else if (exponent === 0) {
      exponent = -112;
    }
    floats[i] = sign | ((exponent + 112) << 23) | (mantissa << 13);
  }
}
