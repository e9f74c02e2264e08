/**
 * Random numbers whose bits depend on nothing but their key and position: Philox4x32-10 (Salmon et al., "Parallel
 * random numbers: as easy as 1, 2, 3", SC 2011), and normals through the inverse of the normal distribution.
 * Only + - * / and sqrt are used, which IEEE 754 fixes to the bit; Math.log may differ between engines.
 */

/** A stream of its own for every (seed, name): a layer added to a network leaves the numbers of the others alone. */
export interface Stream {
  readonly key: readonly [number, number];
  readonly name: readonly [number, number];
}

export function streamOf(seed: number, name: string): Stream {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new Error(`netlathe bug: a seed is a non-negative integer, not ${seed}`);
  }
  const hash = fnv1a(name);
  return {
    key: [seed >>> 0, Math.floor(seed / 2 ** 32)],
    name: [Number(hash & 0xffff_ffffn), Number(hash >> 32n)],
  };
}

/** FNV-1a, 64 bits, over the UTF-8 bytes of a name. */
function fnv1a(text: string): bigint {
  let hash = 0xcbf2_9ce4_8422_2325n;
  for (const byte of new TextEncoder().encode(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x0000_0100_0000_01b3n);
  }
  return hash;
}

/** Upper half of the product of two 32-bit integers, from 16-bit parts that doubles hold exactly. */
function multiplyHigh(a: number, b: number): number {
  const ah = a >>> 16;
  const al = a & 0xffff;
  const bh = b >>> 16;
  const bl = b & 0xffff;
  const middle = ah * bl + ((al * bl) >>> 16);
  const carry = al * bh + (middle & 0xffff);
  return (ah * bh + (middle >>> 16) + (carry >>> 16)) >>> 0;
}

export type Block = [number, number, number, number];

/** Ten rounds of Philox over `counter`, in place. */
export function philox(counter: Block, key: readonly [number, number]): Block {
  let k0 = key[0];
  let k1 = key[1];
  let c0 = counter[0];
  let c1 = counter[1];
  let c2 = counter[2];
  let c3 = counter[3];
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(0xd2511f53, c0);
    const high1 = multiplyHigh(0xcd9e8d57, c2);
    const low0 = Math.imul(0xd2511f53, c0) >>> 0;
    const low1 = Math.imul(0xcd9e8d57, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  counter[0] = c0;
  counter[1] = c1;
  counter[2] = c2;
  counter[3] = c3;
  return counter;
}

/** Fills `values`: the number at i is `transform(u)`, u the middle of one of 2^32 equal parts of (0, 1). */
export function fill(values: Float32Array, stream: Stream, transform: (u: number) => number): void {
  const counter: Block = [0, 0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    if (i % 4 === 0) {
      counter[0] = i / 4;
      counter[1] = 0;
      counter[2] = stream.name[0];
      counter[3] = stream.name[1];
      philox(counter, stream.key);
    }
    values[i] = transform(((counter[i % 4] as number) + 0.5) / 2 ** 32);
  }
}

/** Natural logarithm of a positive normal number, within 2 ulp: ln m = 2 artanh((m - 1) / (m + 1)). */
export function ln(x: number): number {
  let m = x;
  let exponent = 0;
  for (; m < Math.SQRT1_2; exponent--) m *= 2;
  for (; m > Math.SQRT2; exponent++) m /= 2;
  const s = (m - 1) / (m + 1);
  const square = s * s;
  let sum = 0;
  for (let n = 23; n >= 1; n -= 2) sum = sum * square + 1 / n;
  return 2 * s * sum + exponent * Math.LN2;
}

const center = {
  p: [
    2509.0809287301227, 33430.57558358813, 67265.7709270087, 45921.95393154987, 13731.69376550946,
    1971.5909503065513, 133.14166789178438, 3.3871328727963665,
  ],
  q: [
    5226.495278852854, 28729.085735721943, 39307.89580009271, 21213.794301586597, 5394.196021424751,
    687.1870074920579, 42.31333070160091, 1,
  ],
} as const;

const shoulder = {
  p: [
    0.0007745450142783414, 0.022723844989269184, 0.2417807251774506, 1.2704582524523684,
    3.6478483247632045, 5.769497221460691, 4.630337846156546, 1.4234371107496835,
  ],
  q: [
    1.0507500716444169e-9, 0.0005475938084995345, 0.015198666563616457, 0.14810397642748008,
    0.6897673349851, 1.6763848301838038, 2.053191626637759, 1,
  ],
} as const;

const tail = {
  p: [
    2.0103343992922881e-7, 2.7115555687434876e-5, 0.0012426609473880784, 0.026532189526576124,
    0.29656057182850487, 1.7848265399172913, 5.463784911164114, 6.657904643501103,
  ],
  q: [
    2.0442631033899397e-15, 1.421511758316446e-7, 1.8463183175100548e-5, 0.0007868691311456133,
    0.014875361290850615, 0.1369298809227358, 0.599832206555888, 1,
  ],
} as const;

function rational(
  { p, q }: { readonly p: readonly number[]; readonly q: readonly number[] },
  x: number,
) {
  let above = 0;
  let below = 0;
  for (let i = 0; i < p.length; i++) {
    above = above * x + (p[i] as number);
    below = below * x + (q[i] as number);
  }
  return above / below;
}

/** Inverse of the normal distribution to 16 digits: algorithm AS 241 (Wichura 1988), PPND16. */
export function normalQuantile(u: number): number {
  const q = u - 0.5;
  if (Math.abs(q) <= 0.425) return q * rational(center, 0.180625 - q * q);
  const r = Math.sqrt(-ln(q < 0 ? u : 1 - u));
  const value = r <= 5 ? rational(shoulder, r - 1.6) : rational(tail, r - 5);
  return q < 0 ? -value : value;
}

/** P(X < -2) of a standard normal X. */
const below2 = 0.02275013194817921;

/** The quantile of a normal that is cut off at two standard deviations, as Keras's truncated initialisers are. */
export function truncatedQuantile(u: number): number {
  return normalQuantile(below2 + u * (1 - 2 * below2));
}
