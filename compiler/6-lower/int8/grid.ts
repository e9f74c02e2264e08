/** How real numbers become bytes: real = scale * (byte - zero). A real 0 is always one of them. */

export interface Grid {
  readonly scale: number;
  /** A whole number. */
  readonly zero: number;
  /** The largest byte. */
  readonly steps: number;
}

/** The largest byte of an activation: what the relaxed integer product takes without saturating. */
export const largestByte = 127;
/** Where no such product reads it: in tables, and in front of depthwise convolutions. */
export const fullByte = 255;

export function gridOf(low: number, high: number, steps = largestByte): Grid {
  const from = Math.min(low, 0);
  const to = Math.max(high, 0, from + 1e-8);
  const scale = (to - from) / steps;
  return { scale, zero: Math.round(Math.abs(from) / scale), steps };
}

export function toByte(value: number, { scale, zero, steps }: Grid): number {
  return Math.min(steps, Math.max(0, Math.round(value / scale) + zero));
}

const half = 2048;

/** Counts values without knowing their range: where one lies outside, two bins become one. */
export class Histogram {
  #bins = new Float64Array(2 * half);
  #reach = 2 ** -10;
  /** The range of each channel, 0 included. */
  readonly lows: Float32Array;
  readonly highs: Float32Array;

  constructor(channels: number) {
    this.lows = new Float32Array(channels);
    this.highs = new Float32Array(channels);
  }

  /** Rows of a value for each channel. */
  add(values: Float32Array): void {
    this.#count(values);
    const { lows, highs } = this;
    for (let i = 0, c = 0; i < values.length; i++, c = c + 1 === lows.length ? 0 : c + 1) {
      const value = values[i] as number;
      if (value < (lows[c] as number)) lows[c] = value;
      else if (value > (highs[c] as number)) highs[c] = value;
    }
  }

  /**
   * A grid for each channel, so that small ones are as fine as they can be: what reads them must know. The tensor's own
   * grid says what is cut off. `share` from 0 to 1: how far each goes from the tensor's step to its own.
   */
  channelGrids({ scale, zero, steps }: Grid, share: number): readonly Grid[] {
    const [from, to] = [-zero * scale, (steps - zero) * scale];
    return Array.from(this.lows, (low, c) => {
      const lowest = Math.max(low, from);
      const own = (Math.min(this.highs[c] as number, to) - lowest) / steps;
      const step = Math.max(own, scale / 256) ** share * scale ** (1 - share);
      return { scale: step, zero: Math.round(Math.abs(lowest) / step), steps };
    });
  }

  #count(values: Float32Array): void {
    let scale = half / this.#reach;
    for (const value of values) {
      // Zeros are exact in any grid.
      if (value === 0) continue;
      if (Math.abs(value) >= this.#reach) {
        this.#widen(value);
        scale = half / this.#reach;
      }
      const bin = Math.floor(value * scale) + half;
      this.#bins[bin] = (this.#bins[bin] as number) + 1;
    }
  }

  #widen(value: number): void {
    if (!Number.isFinite(value)) throw new RangeError('the activations are no numbers');
    while (Math.abs(value) >= this.#reach) {
      const wider = new Float64Array(2 * half);
      for (const [i, n] of this.#bins.entries()) {
        const to = half + Math.floor((i - half) / 2);
        wider[to] = (wider[to] as number) + n;
      }
      this.#bins = wider;
      this.#reach *= 2;
    }
  }

  /** The edges of the bins that hold something, and 0. */
  get range(): readonly [number, number] {
    const first = this.#bins.findIndex((n) => n > 0);
    const last = this.#bins.findLastIndex((n) => n > 0);
    if (first < 0) return [0, 0];
    const width = this.#reach / half;
    return [Math.min(0, (first - half) * width), Math.max(0, (last + 1 - half) * width)];
  }

  /**
   * The grid of least squared error: what lies outside is cut off, what lies inside is rounded, to a twelfth of a step
   * squared on average. Zeros have no error.
   */
  bestGrid(steps = largestByte): Grid {
    const [low, high] = this.range;
    const sums = this.#moments();
    let best: Grid | undefined;
    let least = Number.POSITIVE_INFINITY;
    const candidates = 64;
    for (let i = low < 0 ? 1 : candidates; i <= candidates; i++) {
      for (let j = high > 0 ? 1 : candidates; j <= candidates; j++) {
        const grid = gridOf((low * i) / candidates, (high * j) / candidates, steps);
        const error = this.#error(sums, grid, steps);
        if (error < least) [best, least] = [grid, error];
      }
    }
    return best ?? gridOf(low, high, steps);
  }

  #error(sums: Moments, { scale, zero }: Grid, steps: number): number {
    const from = -zero * scale;
    const to = (steps - zero) * scale;
    const bin = (x: number): number =>
      Math.min(2 * half, Math.max(0, Math.round((x / this.#reach) * half) + half));
    const [a, b] = [bin(from), bin(to)];
    const outside = (first: number, last: number, edge: number): number => {
      const [n, x, square] = sums.map((s) => (s[last] as number) - (s[first] as number)) as [
        number,
        number,
        number,
      ];
      return square - 2 * edge * x + edge * edge * n;
    };
    const inside = (sums[0][b] as number) - (sums[0][a] as number);
    return outside(0, a, from) + outside(b, 2 * half, to) + (inside * scale * scale) / 12;
  }

  /** Running sums of the counts, of the values and of their squares. */
  #moments(): Moments {
    const width = this.#reach / half;
    const sums: Moments = [0, 1, 2].map(() => new Float64Array(2 * half + 1)) as Moments;
    for (const [i, n] of this.#bins.entries()) {
      const x = (i - half + 0.5) * width;
      for (const [k, s] of sums.entries()) s[i + 1] = (s[i] as number) + n * x ** k;
    }
    return sums;
  }
}

type Moments = [Float64Array, Float64Array, Float64Array];
