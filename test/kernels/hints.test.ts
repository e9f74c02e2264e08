/** Hints: kernels against twins, twins against central differences. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as k from '../../runtime/kernels/index.ts';
import { checkAgreement } from './agree.ts';
import { checkDerivative, RUNS, randomFloats, runPlain } from './harness.ts';

const parameters = { numRuns: RUNS, seed: 17 };
const int = (min: number, max: number) => fc.integer({ min, max });
const shapes = fc.record({ batch: int(1, 3), pixels: int(2, 20), channels: int(1, 9) });
const common = { weight: 3, scale: 0.5 };

describe('matchFeatures', () => {
  it('agrees with its twin, which has the slope of its loss', () => {
    fc.assert(
      fc.property(int(1, 3), int(1, 70), (batch, size) => {
        const own = randomFloats(batch * size, 1);
        const teacher = randomFloats(batch * size, 2);
        const blank = { losses: new Float32Array(batch), gradient: new Float32Array(batch * size) };
        const values = { own, teacher, ...blank, size, ...common };
        checkAgreement(k.matchFeatures, values, batch, 1e-5);
        const { gradient } = runPlain(k.matchFeatures, values, batch);
        checkDerivative(
          (x) => runPlain(k.matchFeatures, { ...values, own: x }, batch).losses!,
          Float64Array.from(own),
          new Float64Array(batch).fill(common.scale),
          gradient!,
          1e-6,
        );
      }),
      parameters,
    );
  });
});

describe('attention', () => {
  it('agrees with its twins, which have the slope of their loss', () => {
    fc.assert(
      fc.property(shapes, ({ batch, pixels, channels }) => {
        const input = randomFloats(batch * pixels * channels, 1);
        const map = new Float32Array(batch * pixels);
        checkAgreement(k.attentionMap, { input, map, pixels, channels }, batch, 1e-6);
        const teacher = randomFloats(batch * pixels, 2).map(Math.abs);
        const mapOf = (x: Float32Array | Float64Array) =>
          runPlain(k.attentionMap, { input: x, map, pixels, channels }, batch).map!;
        const values = {
          ...{ input, map: Float32Array.from(mapOf(input)), teacher, pixels, channels },
          ...{ losses: new Float32Array(batch), gradient: input.slice(), ...common },
        };
        checkAgreement(k.matchAttention, values, batch, 1e-4);
        const exact = { ...values, map: mapOf(input) };
        const { gradient } = runPlain(k.matchAttention, exact, batch);
        checkDerivative(
          (x) => runPlain(k.matchAttention, { ...values, input: x, map: mapOf(x) }, batch).losses!,
          Float64Array.from(input),
          new Float64Array(batch).fill(common.scale),
          gradient!,
          1e-5,
        );
      }),
      parameters,
    );
  });

  it('of nothing but zeros has no slope', () => {
    const zero = new Float32Array(6);
    const values = {
      ...{ input: zero, map: new Float32Array(3), teacher: Float32Array.of(1, 2, 3) },
      ...{ losses: new Float32Array(1), gradient: zero.slice(), pixels: 3, channels: 2, ...common },
    };
    expect([...runPlain(k.matchAttention, values, 1).gradient!].every((x) => x === 0)).toBe(true);
  });
});
