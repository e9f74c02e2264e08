/**
 * Random numbers as a pure function of what they are for: (seed, purpose, epoch, index, draw). Nothing is carried from
 * one draw to the next, so that a resumed run, or one with other threads, draws the same.
 */

/** What numbers are drawn for; each purpose has a sequence of its own. */
export const purpose = { order: 1, augment: 2, mix: 3, dropout: 4, split: 5, sweep: 6 } as const;
export type Purpose = (typeof purpose)[keyof typeof purpose];

/** The finaliser of MurmurHash3: every bit of the result depends on every bit of the word. */
function mix(word: number): number {
  let h = word;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** 32 random bits from any number of keys. */
export function randomBits(...keys: readonly number[]): number {
  let h = 0x9e3779b9;
  for (const key of keys) h = mix((Math.imul(h, 0x9e3779b1) + mix(key >>> 0) + 0x7f4a7c15) | 0);
  return h >>> 0;
}

/** 32 bits, signed, that a dropout layer draws its elements by; `part` numbers the batches of the run. */
export function dropoutSeedAt(seed: number, part: number, layer: number): number {
  return randomBits(seed, purpose.dropout, part, layer) | 0;
}

/** Draws one after another for one purpose and place. */
export class Random {
  readonly #keys: readonly number[];
  #draw = 0;

  constructor(seed: number, what: Purpose, ...keys: readonly number[]) {
    this.#keys = [seed, what, ...keys];
  }

  bits(): number {
    return randomBits(...this.#keys, this.#draw++);
  }

  /** In [0, 1), with 24 bits: exact in float32. */
  unit(): number {
    return (this.bits() >>> 8) / 0x1000000;
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.unit();
  }

  /** A whole number in [0, below). */
  integer(below: number): number {
    return Math.floor(this.unit() * below);
  }
}

/** The order of an epoch: a permutation of 0..count-1 (Fisher and Yates). */
export function shuffled(count: number, seed: number, epoch: number): Uint32Array {
  const random = new Random(seed, purpose.order, epoch);
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = random.bits() % (i + 1);
    const held = order[i] as number;
    order[i] = order[j] as number;
    order[j] = held;
  }
  return order;
}
