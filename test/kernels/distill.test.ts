/** What a student learns from a teacher: kernels against twins, twins against central differences. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as k from '../../runtime/kernels/index.ts';
import type { Kernel } from '../../runtime/kernels/kernel.ts';
import { checkAgreement } from './agree.ts';
import { checkDerivative, RUNS, randomFloats, runPlain, type Values } from './harness.ts';

const parameters = { numRuns: RUNS, seed: 11 };
const int = (min: number, max: number) => fc.integer({ min, max });
const cases = fc.record({
  batch: int(2, 6),
  classes: int(2, 13),
  temperature: fc.constantFrom(1, 2, 4, 20),
  spread: fc.constantFrom(0.5, 3, 12),
});
interface Case {
  readonly batch: number;
  readonly classes: number;
  readonly spread: number;
}

function tables({ batch, classes, spread }: Case) {
  const table = (seed: number, size = spread) =>
    randomFloats(batch * classes, seed).map((x) => x * size);
  const targets = new Float32Array(batch * classes);
  for (let n = 0; n < batch; n++) targets[n * classes + ((n * 5) % classes)] = 0.9;
  return { logits: table(1), teacher: table(2), targets, gradient: table(3, 0.1) };
}

const losses = (count: number) => new Float32Array(count).fill(7);

/** Checks the gradient a kernel adds, against the slope of the sum of its losses. */
function checkSlope(kernel: Kernel, values: Values, units: number, scale: number): void {
  const zero = new Float64Array((values.logits as Float32Array).length);
  const { gradient } = runPlain(kernel, { ...values, gradient: zero }, units);
  const forward = (logits: Float64Array) =>
    runPlain(kernel, { ...values, gradient: zero, logits }, units).losses!;
  const seed = new Float64Array(units).fill(scale);
  checkDerivative(
    forward,
    Float64Array.from(values.logits as Float32Array),
    seed,
    gradient!,
    1e-5 * (1 + (values.temperature as number)),
  );
}

describe('softTargets', () => {
  it('is the divergence that its twin says, with the slope of it', () => {
    fc.assert(
      fc.property(cases, (shape) => {
        const { batch, classes, temperature } = shape;
        const { logits, teacher, gradient } = tables(shape);
        const values = {
          ...{ logits, teacher, gradient, losses: losses(batch) },
          ...{ classes, temperature, weight: 0.7, scale: 0.25 },
        };
        checkAgreement(k.softTargets, values, batch, 3e-5);
        checkSlope(k.softTargets, values, batch, 0.25);
      }),
      parameters,
    );
  });

  it('asks nothing of a student that agrees', () => {
    const logits = randomFloats(12, 1);
    const values = {
      ...{ logits, teacher: logits, losses: losses(3), gradient: new Float32Array(12) },
      ...{ classes: 4, temperature: 4, weight: 1, scale: 1 },
    };
    const plain = runPlain(k.softTargets, values, 3);
    expect(Math.max(...plain.losses!.map(Math.abs), ...plain.gradient!.map(Math.abs))).toBeLessThan(
      1e-15,
    );
  });
});

describe('decoupledTargets', () => {
  it('is what its twin says, with the slope of it', () => {
    fc.assert(
      fc.property(cases, (shape) => {
        const { batch, classes, temperature } = shape;
        const values = {
          ...{ ...tables(shape), losses: losses(batch) },
          ...{ classes, temperature, targetWeight: 1.5, othersWeight: 8, scale: 0.25 },
        };
        checkAgreement(k.decoupledTargets, values, batch, 1e-4);
        checkSlope(k.decoupledTargets, values, batch, 0.25);
      }),
      parameters,
    );
  });

  /** Zhao et al. 2022, equation 7: the divergence is the pair's plus that of the others, weighed by the rest. */
  it('falls back to plain distillation with the weights 1 and the rest of the teacher', () => {
    const shape = { batch: 1, classes: 5, temperature: 3, spread: 3 };
    const { logits, teacher, targets, gradient } = tables(shape);
    const values = { logits, teacher, gradient, losses: losses(1), classes: 5, temperature: 3 };
    const soft = [...teacher].map((z) => Math.exp(z / 3));
    const rest = 1 - soft[0]! / soft.reduce((sum, e) => sum + e, 0);
    const plain = runPlain(k.softTargets, { ...values, weight: 1, scale: 1 }, 1);
    const apart = { ...values, targets, targetWeight: 1, othersWeight: rest, scale: 1 };
    const decoupled = runPlain(k.decoupledTargets, apart, 1);
    expect(decoupled.losses![0]).toBeCloseTo(plain.losses![0]!, 12);
  });
});

describe('relations', () => {
  it('of softened rows agree with their twins', () => {
    fc.assert(
      fc.property(cases, (shape) => {
        const { batch, classes, temperature } = shape;
        const { logits, teacher, gradient } = tables(shape);
        const probabilities = losses(batch * classes);
        const soften = { classes, temperature };
        checkAgreement(k.softenRows, { logits, probabilities, ...soften }, batch, 3e-6);
        const own = runPlain(k.softenRows, { logits, probabilities, ...soften }, batch);
        const other = { logits: teacher, probabilities, ...soften };
        const wanted = runPlain(k.softenRows, other, batch);
        const common = {
          probabilities: Float32Array.from(own.probabilities!),
          teacher: Float32Array.from(wanted.probabilities!),
        };
        // Correlations of rows that hardly vary lose digits to their means.
        const weight = 0.01 / temperature ** 2;
        const rows = { ...common, losses: losses(batch), gradient, classes, weight };
        checkAgreement(k.relateRows, rows, batch, 1e-4);
        const columns = { ...common, losses: losses(classes), gradient, batch, classes, weight };
        checkAgreement(k.relateColumns, columns, classes, 1e-4);
        const last = { ...common, gradient, logitGradient: gradient, ...soften, scale: 0.3 };
        checkAgreement(k.softenGradient, last, batch, 1e-5);
      }),
      parameters,
    );
  });

  it('have the slope of their losses to the logits', () => {
    fc.assert(
      fc.property(cases, (shape) => {
        const { batch, classes, temperature, spread } = shape;
        const { logits, teacher } = tables(shape);
        const soften = { classes, temperature };
        const blank = new Float64Array(batch * classes);
        const softened = (values: Float64Array | Float32Array) =>
          runPlain(k.softenRows, { logits: values, probabilities: blank, ...soften }, batch)
            .probabilities!;
        const wanted = softened(teacher);
        const relate = (values: Float64Array | Float32Array) => {
          const common = { probabilities: softened(values), teacher: wanted, classes };
          const rows = { ...common, losses: losses(batch), gradient: blank, weight: 2 };
          const first = runPlain(k.relateRows, rows, batch);
          const columns = { ...common, losses: losses(classes), batch, weight: 3 };
          const second = runPlain(
            k.relateColumns,
            { ...columns, gradient: first.gradient! },
            classes,
          );
          return { ...common, gradient: second.gradient!, losses: [first.losses!, second.losses!] };
        };
        const { probabilities, gradient } = relate(logits);
        const values = { probabilities, gradient, logitGradient: blank, ...soften, scale: 1 };
        const { logitGradient } = runPlain(k.softenGradient, values, batch);
        const total = (values: Float64Array) =>
          Float64Array.of(
            relate(values)
              .losses.flatMap((l) => [...l])
              .reduce((sum, x) => sum + x, 0),
          );
        checkDerivative(
          total,
          Float64Array.from(logits),
          Float64Array.of(1),
          logitGradient!,
          // Where all rows are nearly one class, a step changes a correlation by much.
          spread > 3 ? 2e-3 : 1e-5,
        );
      }),
      { ...parameters, numRuns: Math.min(RUNS, 200) },
    );
  });
});

describe('the view of another network', () => {
  const sizes = fc.record({
    ...{ batch: int(1, 3), channels: int(1, 5), inHeight: int(1, 12), inWidth: int(1, 12) },
    ...{ outHeight: int(1, 20), outWidth: int(1, 20) },
  });

  it('is resampled as the twin says, and a constant stays one', () => {
    fc.assert(
      fc.property(sizes, ({ batch, ...shape }) => {
        const { channels, inHeight, inWidth, outHeight, outWidth } = shape;
        const input = randomFloats(batch * channels * inHeight * inWidth, 1);
        const output = new Float32Array(batch * channels * outHeight * outWidth).fill(7);
        checkAgreement(k.resampleImage, { input, output, ...shape }, batch, 1e-5);
        const flat = runPlain(k.resampleImage, { input: input.fill(0.5), output, ...shape }, batch)
          .output!;
        expect(flat.every((x) => Math.abs(x - 0.5) < 1e-12)).toBe(true);
      }),
      parameters,
    );
  });

  it('is the same where the sizes are', () => {
    const input = randomFloats(2 * 5 * 7 * 3, 1);
    const shape = { inHeight: 5, inWidth: 7, outHeight: 5, outWidth: 7, channels: 3 };
    const { output } = runPlain(k.resampleImage, { input, output: input.slice(), ...shape }, 2);
    expect([...output!]).toEqual([...input]);
  });

  it('has its channels mixed and its classes reordered as the twins say', () => {
    fc.assert(
      fc.property(int(1, 3), int(1, 30), int(1, 4), int(1, 4), (batch, pixels, from, to) => {
        const values = {
          input: randomFloats(batch * pixels * from, 1),
          matrix: randomFloats(to * (from + 1), 2),
          output: new Float32Array(batch * pixels * to).fill(7),
          ...{ pixels, inChannels: from, outChannels: to },
        };
        checkAgreement(k.mixChannels, values, batch, 1e-6);
        const order = Float32Array.from({ length: pixels }, (_, i) => pixels - 1 - i);
        const input = randomFloats(batch * pixels, 3);
        const output = new Float32Array(batch * pixels).fill(7);
        checkAgreement(k.reorderColumns, { input, order, output, classes: pixels }, batch, 0);
      }),
      parameters,
    );
  });
});
