/** 1x1 convolutions with a 2x2 max pool behind them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as k from '../../runtime/kernels/index.ts';
import {
  BUILDS,
  checkLinear,
  RUNS,
  randomFloats,
  runPlain,
  runWasm,
  sameBytes,
} from './harness.ts';

const int = (min: number, max: number) => fc.integer({ min, max });

/** Input channels in strips of 32, of 16 and of four, and with a rest; lines in more than one block. */
const shapes = fc.record({
  batch: int(1, 4),
  outHeight: int(1, 6),
  outWidth: int(1, 9),
  inChannels: fc.oneof(int(1, 70), fc.constantFrom(16, 32, 48, 64, 128)),
  outChannels: fc.oneof(int(1, 24), fc.constantFrom(4, 8, 16, 32)),
});

const parameters = { numRuns: RUNS, seed: 1 };

interface Shape {
  readonly batch: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly inChannels: number;
  readonly outChannels: number;
}

const windowsOf = ({ batch, outHeight, outWidth }: Shape) => batch * outHeight * outWidth;

function winnersOf(shape: Shape): Uint8Array {
  const count = windowsOf(shape) * shape.outChannels;
  return Uint8Array.from(randomFloats(count, 5), (x) => Math.floor((x + 1) * 2));
}

describe('max pools that number their winners', () => {
  it('agree with their twin to the bit', () => {
    fc.assert(
      fc.property(shapes, fc.boolean(), ({ inChannels: channels, ...shape }, tied) => {
        const count = windowsOf({ ...shape, inChannels: channels }) * channels;
        const input = randomFloats(4 * count, 1).map((x) => (tied ? Math.round(2 * x) : x));
        const output = new Float32Array(count).fill(7);
        const winners = new Uint8Array(count).fill(9);
        const { batch, outHeight, outWidth } = shape;
        const values = { input, output, winners, outHeight, outWidth, channels };
        const plain = winners.slice();
        const exact = runPlain(k.maxPoolWinners, { ...values, winners: plain }, batch).output!;
        for (const build of BUILDS) {
          for (const cuts of [1, 2, 3]) {
            const got = runWasm(build, k.maxPoolWinners, values, batch, cuts);
            expect(sameBytes(got.output!, Float32Array.from(exact))).toBe(true);
            expect(Buffer.compare(winners, plain)).toBe(0);
            winners.fill(9);
          }
        }
      }),
      parameters,
    );
  });
});

describe('pooled convolutions', () => {
  it('agree with their twin in the gradient to the weights', () => {
    fc.assert(
      fc.property(shapes, int(1, 3), (shape, wanted) => {
        const { batch, inChannels, outChannels } = shape;
        const chunks = Math.min(wanted, batch);
        const scratchSize = k.pooledWeightGradientScratch(inChannels, outChannels);
        const values = {
          input: randomFloats(4 * windowsOf(shape) * inChannels, 1),
          gradient: randomFloats(windowsOf(shape) * outChannels, 2),
          winners: winnersOf(shape),
          partials: new Float32Array(chunks * inChannels * outChannels).fill(7),
          scratch: new Float32Array(2 * scratchSize).fill(7),
          ...{ ...shape, chunks, scratchSize, slot: 1 },
        };
        const kernel = k.pooledWeightGradient;
        const depth = windowsOf(shape);
        checkLinear({ kernel, values, units: chunks, output: 'partials', depth });
      }),
      parameters,
    );
  });

  it('agree with their twin in the gradient to the input', () => {
    fc.assert(
      fc.property(shapes, ({ batch, ...sizes }) => {
        const shape = { batch, ...sizes };
        const values = {
          gradient: randomFloats(windowsOf(shape) * sizes.outChannels, 2),
          winners: winnersOf(shape),
          packed: packedTransposed(shape),
          inputGradient: new Float32Array(4 * windowsOf(shape) * sizes.inChannels).fill(7),
          ...sizes,
        };
        const kernel = k.pooledInputGradient;
        const depth = sizes.outChannels;
        checkLinear({ kernel, values, units: batch, output: 'inputGradient', depth });
      }),
      parameters,
    );
  });

  it('have the gradients of the convolution and the pool on their own', () => {
    const small = shapes.map((s) => ({ ...s, inChannels: 1 + (s.inChannels % 7) }));
    fc.assert(
      fc.property(small, (shape) => {
        const { batch, outHeight, outWidth, inChannels, outChannels } = shape;
        const sizes = { outHeight, outWidth, inChannels, outChannels };
        const gradient = randomFloats(windowsOf(shape) * outChannels, 2);
        const full = randomFloats(4 * windowsOf(shape) * outChannels, 3);
        const winners = new Uint8Array(gradient.length);
        const pooled = { input: full, output: gradient.slice(), winners };
        runPlain(
          k.maxPoolWinners,
          { ...pooled, outHeight, outWidth, channels: outChannels },
          batch,
        );
        const routed = runPlain(
          k.maxPoolGradient,
          { input: full, gradient, inputGradient: full.slice(), ...poolShape(shape) },
          batch,
        ).inputGradient!;
        const input = randomFloats(4 * windowsOf(shape) * inChannels, 1);
        const partials = new Float32Array(inChannels * outChannels);
        const unused = { scratch: new Float32Array(0), scratchSize: 0, slot: 0 };
        const common = { input, partials, batch, ...unused, chunks: 1 };
        const pixels = 4 * outHeight * outWidth;
        const weights = runPlain(
          k.pooledWeightGradient,
          { ...common, gradient, winners, ...sizes },
          1,
        );
        const expected = runPlain(
          k.pointwiseWeightGradient,
          { ...common, gradient: routed, pixels, inChannels, outChannels },
          1,
        );
        expectClose(weights.partials!, expected.partials!);
        const packed = packedTransposed(shape);
        const inputGradient = new Float32Array(input.length);
        const toInput = runPlain(
          k.pooledInputGradient,
          { gradient, winners, packed, inputGradient, ...sizes },
          batch,
        );
        const swapped = { pixels, inChannels: outChannels, outChannels: inChannels };
        const direct = { input: routed, packed, output: inputGradient, ...swapped };
        expectClose(toInput.inputGradient!, runPlain(k.pointwise, direct, batch).output!);
      }),
      parameters,
    );
  });
});

function packedTransposed({ inChannels, outChannels }: Shape): Float32Array {
  const layout = { depth: outChannels, channels: inChannels, groups: 1 };
  const values = {
    weights: randomFloats(inChannels * outChannels, 3),
    packed: new Float32Array(k.packedSize(layout)),
    ...{ kernelHeight: 1, kernelWidth: 1, strideY: 1, strideX: 1, dilationY: 1, dilationX: 1 },
    ...{ inChannels, outChannels, groups: 1 },
  };
  const units = k.packedPanels(layout);
  return Float32Array.from(runPlain(k.packWeightsTransposed, values, units).packed!);
}

function poolShape({ outHeight, outWidth, outChannels }: Shape): k.PoolShape {
  return {
    ...{ inHeight: 2 * outHeight, inWidth: 2 * outWidth, channels: outChannels },
    ...{ outHeight, outWidth, windowHeight: 2, windowWidth: 2, strideY: 2, strideX: 2 },
    ...{ padTop: 0, padLeft: 0 },
  };
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(actual).toHaveLength(expected.length);
  const wrong = Array.from(expected).findIndex((x, i) => !(Math.abs(actual[i]! - x) < 1e-12));
  expect(wrong).toBe(-1);
}
