/** Sums, products, moves and dropout against their twins and against what they promise. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as k from '../../runtime/kernels/index.ts';
import { checkAgreement } from './agree.ts';
import {
  BUILDS,
  checkDerivative,
  checkLinear,
  RUNS,
  randomFloats,
  runPlain,
  runWasm,
} from './harness.ts';

const parameters = { numRuns: RUNS, seed: 4 };
const int = (min: number, max: number) => fc.integer({ min, max });
const channelCounts = fc.oneof(int(1, 21), fc.constantFrom(4, 8, 16, 32));
const images = fc.record({ batch: int(1, 4), pixels: int(1, 60), channels: channelCounts });

describe('tensors of one size', () => {
  it('are added and multiplied as the twins say', () => {
    fc.assert(
      fc.property(int(1, 4), int(1, 200), (batch, size) => {
        const a = randomFloats(batch * size, 1);
        const b = randomFloats(batch * size, 2);
        const values = { a, b, output: new Float32Array(batch * size).fill(7), size };
        for (const kernel of [k.addTensors, k.multiplyTensors]) {
          checkLinear({ kernel, values, units: batch, output: 'output', depth: 1 });
        }
      }),
      parameters,
    );
  });

  it('are rounded once', () => {
    const [a, b] = [randomFloats(101, 1), randomFloats(101, 2)];
    for (const build of BUILDS) {
      const values = { a, b, output: new Float32Array(101), size: 101 };
      expect(runWasm(build, k.addTensors, values, 1).output).toEqual(a.map((x, i) => x + b[i]!));
      const products = runWasm(build, k.multiplyTensors, values, 1).output;
      expect(products).toEqual(a.map((x, i) => x * b[i]!));
    }
  });
});

describe('scaleChannels', () => {
  it('agrees with its twin, and so does its gradient', () => {
    fc.assert(
      fc.property(images, ({ batch, pixels, channels }) => {
        const size = batch * pixels * channels;
        const factors = randomFloats(batch * channels, 2);
        const common = { input: randomFloats(size, 1), gradient: randomFloats(size, 3) };
        const shape = { pixels, channels };
        const output = new Float32Array(size).fill(7);
        checkLinear({
          kernel: k.scaleChannels,
          values: { ...common, factors, output, ...shape },
          ...{ units: batch, output: 'output', depth: 1 },
        });
        const factorGradient = new Float32Array(batch * channels).fill(7);
        checkLinear({
          kernel: k.scaleChannelsGradient,
          values: { ...common, factorGradient, ...shape },
          ...{ units: batch, output: 'factorGradient', depth: pixels },
        });
      }),
      parameters,
    );
  });

  it('has twins whose gradients are derivatives', () => {
    fc.assert(
      fc.property(int(1, 3), int(1, 6), int(1, 6), (batch, pixels, channels) => {
        const size = batch * pixels * channels;
        const input = Float64Array.from(randomFloats(size, 1));
        const factors = Float64Array.from(randomFloats(batch * channels, 2));
        const gradient = randomFloats(size, 3);
        const shape = { pixels, channels };
        const forward = (x: Float64Array, f: Float64Array) => {
          const values = { input: x, factors: f, output: new Float64Array(size), ...shape };
          return runPlain(k.scaleChannels, values, batch).output!;
        };
        const factorGradient = new Float64Array(batch * channels);
        const toFactors = { input, gradient, factorGradient, ...shape };
        const found = runPlain(k.scaleChannelsGradient, toFactors, batch).factorGradient!;
        checkDerivative((f) => forward(input, f), factors, gradient, found);
        // The gradient to the input is the same call on the gradient.
        checkDerivative(
          (x) => forward(x, factors),
          input,
          gradient,
          forward(Float64Array.from(gradient), factors),
        );
      }),
      parameters,
    );
  });
});

const copies = fc
  .record({
    ...{ batch: int(1, 3), pixels: int(1, 30), count: int(1, 13), clear: fc.constantFrom(0, 1) },
    ...{ before: int(0, 5), after: int(0, 5), outputBefore: int(0, 5), outputAfter: int(0, 5) },
  })
  .map(({ before, after, outputBefore, outputAfter, count, ...rest }) => ({
    ...rest,
    count,
    inputFrom: before,
    inputChannels: before + count + after,
    outputFrom: outputBefore,
    outputChannels: outputBefore + count + outputAfter,
  }));

describe('copyChannels', () => {
  it('moves the channels, and leaves or clears the others', () => {
    fc.assert(
      fc.property(copies, ({ batch, ...shape }) => {
        const input = randomFloats(batch * shape.pixels * shape.inputChannels, 1);
        const output = randomFloats(batch * shape.pixels * shape.outputChannels, 2);
        checkAgreement(k.copyChannels, { input, output, ...shape }, batch, 0);
      }),
      parameters,
    );
  });

  it('undoes a concat by a split', () => {
    fc.assert(
      fc.property(int(1, 3), int(1, 9), int(1, 9), int(1, 9), (batch, pixels, left, right) => {
        const parts = [
          randomFloats(batch * pixels * left, 1),
          randomFloats(batch * pixels * right, 2),
        ];
        const sum = left + right;
        const shape = (count: number, from: number) => ({ pixels, count, from });
        let whole: Float32Array = new Float32Array(batch * pixels * sum).fill(Number.NaN);
        for (const [i, { count, from }] of [shape(left, 0), shape(right, left)].entries()) {
          const into = {
            inputChannels: count,
            inputFrom: 0,
            outputChannels: sum,
            outputFrom: from,
          };
          const values = { input: parts[i]!, output: whole, pixels, count, ...into, clear: 0 };
          whole = Float32Array.from(runWasm('strict', k.copyChannels, values, batch).output!);
        }
        for (const [i, { count, from }] of [shape(left, 0), shape(right, left)].entries()) {
          const out = { inputChannels: sum, inputFrom: from, outputChannels: count, outputFrom: 0 };
          const output = new Float32Array(parts[i]!.length);
          const values = { input: whole, output, pixels, count, ...out, clear: 0 };
          expect(runWasm('strict', k.copyChannels, values, batch).output).toEqual(parts[i]);
        }
      }),
      parameters,
    );
  });
});

describe('shuffleChannels', () => {
  it('agrees with its twin, and is undone by the other number of groups', () => {
    fc.assert(
      fc.property(int(1, 3), int(1, 20), int(1, 6), int(1, 9), (batch, pixels, groups, each) => {
        const channels = groups * each;
        const input = randomFloats(batch * pixels * channels, 1);
        const values = { input, output: new Float32Array(input.length), pixels, channels, groups };
        checkAgreement(k.shuffleChannels, values, batch, 0);
        const shuffled = Float32Array.from(
          runWasm('strict', k.shuffleChannels, values, batch).output!,
        );
        // As a reshape to [groups, each] and a transpose: the first of each group come first.
        for (let g = 0; g < groups; g++) expect(shuffled[g]).toBe(input[g * each]);
        const back = { ...values, input: shuffled, groups: each };
        expect(runWasm('strict', k.shuffleChannels, back, batch).output).toEqual(input);
      }),
      parameters,
    );
  });
});

describe('frameImage', () => {
  it('agrees with its twin, and is undone inward', () => {
    const frame = { top: int(0, 3), bottom: int(0, 3), left: int(0, 3), right: int(0, 3) };
    const shapes = fc.record({
      batch: int(1, 3),
      h: int(1, 6),
      w: int(1, 6),
      channels: int(1, 9),
      ...frame,
    });
    fc.assert(
      fc.property(shapes, ({ batch, h, w, ...shape }) => {
        const height = h + shape.top + shape.bottom;
        const width = w + shape.left + shape.right;
        const input = randomFloats(batch * h * w * shape.channels, 1);
        const outer = new Float32Array(batch * height * width * shape.channels).fill(7);
        const common = { ...shape, height, width };
        const framed = { input, output: outer, ...common, inward: 0 };
        checkAgreement(k.frameImage, framed, batch, 0);
        const whole = Float32Array.from(runWasm('strict', k.frameImage, framed, batch).output!);
        const total = (all: Float32Array) => all.reduce((sum, x) => sum + Math.abs(x), 0);
        expect(whole.filter((x) => x !== 0).length).toBe(input.filter((x) => x !== 0).length);
        expect(total(whole)).toBeCloseTo(total(input), 3);
        const back = { ...common, input: whole, output: new Float32Array(input.length), inward: 1 };
        checkAgreement(k.frameImage, back, batch, 0);
        expect(runWasm('strict', k.frameImage, back, batch).output).toEqual(input);
      }),
      parameters,
    );
  });
});

/** 32 bits as the i32 that the kernel takes. */
const threshold = (rate: number): number => Math.round(rate * 2 ** 32) | 0;

describe('dropElements', () => {
  it('agrees with its twin, however the images are cut', () => {
    const rates = fc.double({ min: 0, max: 0.99, noNaN: true });
    fc.assert(
      fc.property(
        int(1, 4),
        int(1, 300),
        int(-(2 ** 31), 2 ** 31 - 1),
        rates,
        (batch, size, seed, rate) => {
          const input = randomFloats(batch * size, 1);
          const scale = Math.fround(1 / (1 - rate));
          const values = {
            input,
            output: new Float32Array(batch * size).fill(7),
            size,
            seed,
            scale,
          };
          checkAgreement(k.dropElements, { ...values, threshold: threshold(rate) }, batch, 1e-7);
        },
      ),
      parameters,
    );
  });

  it.each(BUILDS)('drops in the gradient what it dropped forward, in the %s build', (build) => {
    fc.assert(
      fc.property(int(1, 3), int(1, 300), int(-(2 ** 31), 2 ** 31 - 1), (batch, size, seed) => {
        const call = {
          output: new Float32Array(batch * size),
          size,
          seed,
          threshold: threshold(0.4),
          scale: 2,
        };
        const run = (input: Float32Array) =>
          runWasm(build, k.dropElements, { ...call, input }, batch).output!;
        const kept = (all: ArrayLike<number>) => Array.from(all, (x) => x !== 0);
        const ahead = run(new Float32Array(batch * size).fill(3));
        expect(kept(run(randomFloats(batch * size, 5).map((x) => x + 2)))).toEqual(kept(ahead));
      }),
      parameters,
    );
  });

  it.each([0.1, 0.2, 0.5, 0.9])('drops %d of the elements, others with another seed', (rate) => {
    const size = 1 << 20;
    const ones = new Float32Array(size).fill(1);
    const scale = 1 / (1 - rate);
    const run = (seed: number) => {
      const values = {
        input: ones,
        output: new Float32Array(size),
        size,
        seed,
        threshold: threshold(rate),
        scale,
      };
      return Float32Array.from(runWasm('strict', k.dropElements, values, 1).output!);
    };
    const masks = [run(1), run(2)];
    // Six standard deviations of a binomial share.
    const allowed = 6 * Math.sqrt((rate * (1 - rate)) / size);
    for (const mask of masks) {
      const dropped = mask.reduce((count, x) => count + (x === 0 ? 1 : 0), 0) / size;
      expect(Math.abs(dropped - rate)).toBeLessThan(allowed);
      const mean = mask.reduce((sum, x) => sum + x, 0) / size;
      expect(Math.abs(mean - 1)).toBeLessThan(allowed * scale);
    }
    // Two masks drop the same element as often as chance has it: the seeds are independent.
    const both =
      masks[0]!.reduce((count, x, i) => count + (x === 0 && masks[1]![i] === 0 ? 1 : 0), 0) / size;
    expect(Math.abs(both - rate ** 2)).toBeLessThan(6 * Math.sqrt(rate ** 2 / size));
  });

  it('drops nothing at a rate of 0', () => {
    const input = randomFloats(500, 1);
    const values = {
      input,
      output: new Float32Array(500),
      size: 500,
      seed: 9,
      threshold: 0,
      scale: 1,
    };
    for (const build of BUILDS)
      expect(runWasm(build, k.dropElements, values, 1).output).toEqual(input);
  });
});
