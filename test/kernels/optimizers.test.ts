/**
 * Optimizers over many steps against the formulas of torch.optim (2.x, the single-tensor code), written out here in
 * float64 from its documentation and not from the twins.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as k from '../../runtime/kernels/index.ts';
import type { Kernel } from '../../runtime/kernels/kernel.ts';
import { BUILDS, RUNS, randomFloats, runWasm, type Values } from './harness.ts';

const parameters = { numRuns: RUNS, seed: 5 };
const STEPS = 8;

interface Settings {
  readonly rate: number;
  readonly decay: number;
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

const f32 = (min: number, max: number) => fc.double({ min, max, noNaN: true }).map(Math.fround);
const settings: fc.Arbitrary<Settings> = fc.record({
  rate: f32(1e-4, 0.1),
  decay: fc.oneof(fc.constant(0), f32(0, 0.1)),
  momentum: fc.oneof(fc.constant(0), f32(0.1, 0.95)),
  nesterov: fc.boolean(),
  beta1: f32(0.5, 0.95),
  beta2: f32(0.9, 0.999),
  epsilon: fc.constant(Math.fround(1e-8)),
});

/** One weight through torch's update; the closure keeps its state. */
type Update = (w: number, g: number, t: number) => number;

/** torch.optim.SGD: the first buffer is the gradient itself, which is what a buffer of zeros makes it. */
function sgd(s: Settings): Update {
  let buffer: number | undefined;
  return (w, gradient) => {
    const g = gradient + s.decay * w;
    buffer = buffer === undefined ? g : s.momentum * buffer + g;
    return w - s.rate * (s.nesterov ? g + s.momentum * buffer : buffer);
  };
}

/** torch.optim.Adam, and AdamW with `decoupled`. */
function adam(s: Settings, decoupled: boolean): Update {
  let [m, v] = [0, 0];
  return (weight, gradient, t) => {
    const w = decoupled ? weight - s.rate * s.decay * weight : weight;
    const g = decoupled ? gradient : gradient + s.decay * weight;
    m = s.beta1 * m + (1 - s.beta1) * g;
    v = s.beta2 * v + (1 - s.beta2) * g * g;
    const mean = m / (1 - s.beta1 ** t);
    const variance = v / (1 - s.beta2 ** t);
    return w - (s.rate * mean) / (Math.sqrt(variance) + s.epsilon);
  };
}

/** torch.optim.RMSprop, not centred. */
function rmsprop(s: Settings): Update {
  let [square, buffer] = [0, 0];
  return (w, gradient) => {
    const g = gradient + s.decay * w;
    square = s.beta2 * square + (1 - s.beta2) * g * g;
    const ratio = g / (Math.sqrt(square) + s.epsilon);
    if (s.momentum === 0) return w - s.rate * ratio;
    buffer = s.momentum * buffer + ratio;
    return w - s.rate * buffer;
  };
}

interface Case {
  readonly name: string;
  readonly kernel: Kernel;
  readonly update: (s: Settings) => Update;
  readonly state: readonly string[];
  readonly extra: (s: Settings, t: number) => Values;
}

const corrections = (s: Settings, t: number) => ({
  correction1: 1 - s.beta1 ** t,
  correction2: Math.sqrt(1 - s.beta2 ** t),
});

const cases: readonly Case[] = [
  {
    ...{ name: 'SGD', kernel: k.sgdStep, update: sgd, state: ['buffer'] },
    extra: (s) => ({ nesterov: s.nesterov ? 1 : 0 }),
  },
  {
    ...{ name: 'Adam', kernel: k.adamStep, state: ['first', 'second'] },
    update: (s) => adam(s, false),
    extra: (s, t) => ({ ...corrections(s, t), decoupled: 0 }),
  },
  {
    ...{ name: 'AdamW', kernel: k.adamStep, state: ['first', 'second'] },
    update: (s) => adam(s, true),
    extra: (s, t) => ({ ...corrections(s, t), decoupled: 1 }),
  },
  {
    ...{ name: 'RMSprop', kernel: k.rmspropStep, update: rmsprop, state: ['buffer', 'square'] },
    extra: (s) => ({ smoothing: s.beta2 }),
  },
];

/** The weights after each of the steps. */
function* steps(build: (typeof BUILDS)[number], c: Case, s: Settings, weights: Float32Array) {
  const size = weights.length;
  let memory: Values = { weights };
  for (const name of c.state) memory = { ...memory, [name]: new Float32Array(size) };
  for (let t = 1; t <= STEPS; t++) {
    const gradients = randomFloats(size, 100 + t);
    const values = { ...s, ...memory, gradients, gradientScale: 0.5, size, ...c.extra(s, t) };
    const call = { ...values, nesterov: s.nesterov ? 1 : 0 };
    memory = { ...memory, ...runWasm(build, c.kernel, call, Math.ceil(size / 4096)) };
    yield { gradients, weights: memory.weights as Float32Array };
  }
}

describe.each(cases)('$name', (c) => {
  it.each(BUILDS)(`takes the steps of PyTorch in the %s build, ${STEPS} of them`, (build) => {
    fc.assert(
      fc.property(settings, fc.integer({ min: 1, max: 40 }), (s, size) => {
        const start = randomFloats(size, 1);
        const updates = Array.from({ length: size }, () => c.update(s));
        let exact = Array.from(start);
        let t = 0;
        for (const { gradients, weights } of steps(build, c, s, start)) {
          t++;
          exact = exact.map((w, i) => updates[i]!(w, gradients[i]! * 0.5, t));
          const wrong = exact.findIndex(
            (w, i) => !(Math.abs(weights[i]! - w) <= 2e-5 * (1 + Math.abs(w))),
          );
          if (wrong >= 0) throw new Error(`step ${t}: ${weights[wrong]}, not ${exact[wrong]}`);
        }
      }),
      parameters,
    );
  });
});

describe('averageStep', () => {
  it('keeps an exponential average over many steps', () => {
    fc.assert(
      fc.property(f32(0, 0.999), fc.integer({ min: 1, max: 20 }), (decay, size) => {
        for (const build of BUILDS) {
          let average: Float32Array = randomFloats(size, 1);
          let exact = Array.from(average);
          for (let t = 0; t < STEPS; t++) {
            const values = randomFloats(size, 50 + t);
            const run = runWasm(build, k.averageStep, { values, average, size, decay }, 1);
            average = Float32Array.from(run.average!);
            exact = exact.map((a, i) => decay * a + (1 - decay) * values[i]!);
          }
          for (const [i, a] of exact.entries()) expect(average[i]).toBeCloseTo(a, 5);
        }
      }),
      parameters,
    );
  });

  it('keeps what does not change to the bit', () => {
    const values = randomFloats(37, 1);
    const call = { values, average: values, size: 37, decay: 0.999 };
    for (const build of BUILDS)
      expect(runWasm(build, k.averageStep, call, 1).average).toEqual(values);
  });
});

describe('squareSums', () => {
  it('sums the squares of each chunk', () => {
    const sizes = fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 4000, max: 13_000 }));
    fc.assert(
      fc.property(sizes, (size) => {
        const units = Math.ceil(size / 4096);
        const values = randomFloats(size, 1);
        for (const build of BUILDS) {
          const call = { values, sums: new Float32Array(units).fill(7), size };
          const whole = runWasm(build, k.squareSums, call, units).sums!;
          for (let unit = 0; unit < units; unit++) {
            let exact = 0;
            for (const x of values.subarray(unit * 4096, (unit + 1) * 4096)) exact += x * x;
            expect(whole[unit]).toBe(Math.fround(exact));
          }
          expect(runWasm(build, k.squareSums, call, units, 3).sums).toEqual(whole);
        }
      }),
      parameters,
    );
  });

  it.each([Number.NaN, Infinity, -Infinity])('shows a gradient of %d', (bad) => {
    const values = randomFloats(5000, 1);
    values[4500] = bad;
    const call = { values, sums: new Float32Array(2), size: 5000 };
    for (const build of BUILDS) {
      const { sums } = runWasm(build, k.squareSums, call, 2);
      expect(Number.isFinite(sums![0]!)).toBe(true);
      expect(Number.isFinite(sums![1]!)).toBe(false);
    }
  });
});
