/** Kernels of int8 inference: both builds give the bytes of the plain form, whatever the shape. */
import { setFlagsFromString } from 'node:v8';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as k from '../../runtime/kernels/index.ts';
import type { BoundArgs, Kernel, KernelArgs } from '../../runtime/kernels/kernel.ts';
import {
  compileKernelModule,
  createKernelMemory,
  instantiateKernels,
} from '../../runtime/kernels/load.ts';
import { byteModes, finishSum } from '../../templates/support/kernels/bytes.ts';
import { BUILDS, counted, RUNS } from './harness.ts';
import { axes, channelCounts, convolutionShapes, spatialShape } from './shapes.ts';

// The baseline compiler of V8 11.3 (Node 20) clobbers a register in i32x4.relaxed_dot_i8x16_i7x16_add_s when it is short
// of them. Emitted modules test for that when they start (templates/support/backend.ts); the kernels are not to blame.
setFlagsFromString('--no-liftoff');

const memory = createKernelMemory(8 << 20);
const builds = await Promise.all(
  BUILDS.map(async (build) => instantiateKernels(await compileKernelModule(build), memory)),
);

type Value = number | Uint8Array | Float32Array;

const guard = 0xa5;

/** Runs a kernel of a build; gives what it wrote to `output`. Bytes around the buffers must stay. */
function run(exports: (typeof builds)[number], kernel: Kernel, values: Record<string, Value>) {
  const heap = new Uint8Array(memory.buffer).fill(guard, 0, 1 << 18);
  let top = 64;
  let output: Uint8Array | undefined;
  const call = Object.entries(kernel.args).map(([name, kind]) => {
    const value = values[name];
    if (value === undefined) throw new Error(`${kernel.name}: no value for ${name}`);
    if (typeof value === 'number') return value;
    const at = top;
    heap.set(new Uint8Array(value.buffer, value.byteOffset, value.byteLength), at);
    top += Math.ceil(value.byteLength / 64) * 64 + 64;
    const end = at + value.byteLength;
    if (kind === 'u8out' || kind === 'out') output = heap.subarray(at, end);
    return at;
  });
  exports[kernel.name]?.(...call, 0, 1);
  if (!output) throw new Error(`${kernel.name} writes nothing`);
  const end = output.byteOffset + output.length;
  expect([...heap.subarray(output.byteOffset - 64, output.byteOffset)]).toEqual(
    Array(64).fill(guard),
  );
  expect([...heap.subarray(end, Math.ceil(end / 64) * 64 + 64)].every((b) => b === guard)).toBe(
    true,
  );
  return output.slice();
}

function check(kernel: Kernel, values: Record<string, Value>, name = 'output'): void {
  const before = values[name] as Uint8Array | Float32Array;
  const target = before.slice();
  const bound = { ...values, [name]: target } as unknown as BoundArgs<KernelArgs>;
  kernel.plain(bound, 0, 1);
  counted(kernel);
  const expected = new Uint8Array(target.buffer, target.byteOffset, target.byteLength);
  for (const exports of builds) {
    expect(Buffer.compare(run(exports, kernel, values), expected)).toBe(0);
  }
}

function random(seed: number) {
  let state = seed | 0;
  return (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 8) % below;
  };
}

const bytes = (length: number, seed: number, below = 128) => {
  const next = random(seed);
  return Uint8Array.from({ length }, () => next(below));
};

/** Zero points, ranges and scales of every kind; extreme ones saturate. */
const finishes = fc.record({
  outside: fc.nat({ max: 127 }),
  mode: fc.constantFrom(byteModes.clamp, byteModes.hardSwish, byteModes.table),
  zero: fc.constantFrom(0, 5, 63.5, 127),
  low: fc.constantFrom(0, 5),
  high: fc.constantFrom(127, 100, 255),
  factor: fc.constantFrom(0.5, 3.25, 21).map(Math.fround),
  scale: fc.constantFrom(1e-4, 3e-3, 0.11, 40).map(Math.fround),
});

interface Scaling {
  readonly scale: number;
  readonly zero: number;
  readonly factor: number;
}

/** A panel: sums, scales, weights; the weights of lanes and places that are none stay 0. */
function packedConvolution(
  shape: k.ConvolutionShape,
  { scale, zero, factor }: Scaling,
  seed: number,
): Uint8Array {
  const { kernelHeight, kernelWidth, groups, dilationX } = shape;
  const inGroup = shape.inChannels / groups;
  const outGroup = shape.outChannels / groups;
  const wide = groups === 1 && dilationX === 1;
  const run = wide ? kernelWidth * inGroup : inGroup;
  const runs = kernelHeight * (wide ? 1 : kernelWidth);
  const quads = Math.ceil(run / 4);
  const panel = 128 + 32 * quads * runs;
  const next = random(seed);
  const packed = new Uint8Array(panel * Math.ceil(outGroup / 8) * groups);
  for (let at = 0; at < packed.length; at += panel) {
    const head = new DataView(packed.buffer, at);
    for (let j = 0; j < 8; j++) {
      head.setInt32(4 * j, next(20001) - 10000, true);
      head.setFloat32(32 + 4 * j, scale * (1 + next(100) / 100), true);
      head.setFloat32(64 + 4 * j, zero + next(9), true);
      head.setFloat32(96 + 4 * j, factor * (1 + next(100) / 100), true);
    }
    for (let i = 128; i < panel; i++) {
      const place = Math.floor((i - 128) / 32) % quads;
      if (place * 4 + (i & 3) < run) packed[at + i] = next(255) - 127;
    }
  }
  return packed;
}

const parameters = { numRuns: RUNS * 3, seed: 1 };
const noImage = { slot: 0 };

describe('int8 products', () => {
  it('of convolutions', () => {
    fc.assert(
      fc.property(
        convolutionShapes,
        finishes,
        fc.nat(),
        ({ shape }, { scale, zero, factor, outside, ...finish }, seed) => {
          const scratchSize = k.byteProductScratch(shape);
          check(k.convolveBytes, {
            input: bytes(shape.inHeight * shape.inWidth * shape.inChannels, seed),
            packed: packedConvolution(shape, { scale, zero, factor }, seed),
            table: bytes(256, 5),
            outside: bytes(shape.inChannels, outside),
            output: new Uint8Array(shape.outHeight * shape.outWidth * shape.outChannels),
            ...{
              scratch: new Float32Array(scratchSize),
              scratchSize,
              ...noImage,
              ...shape,
              ...finish,
            },
          });
        },
      ),
      parameters,
    );
  });

  const dense = fc.record({
    ...{ inHeight: fc.integer({ min: 1, max: 12 }), inWidth: fc.integer({ min: 1, max: 40 }) },
    ...{ inChannels: fc.integer({ min: 1, max: 90 }), outChannels: channelCounts },
  });

  it.each(['bytes', 'floats'])('of pointwise layers, to %s', (to) => {
    fc.assert(
      fc.property(
        dense,
        finishes,
        fc.nat(),
        (sizes, { scale, zero, factor, outside, ...finish }, seed) => {
          const shape = {
            ...{ ...sizes, outHeight: sizes.inHeight, outWidth: sizes.inWidth, groups: 1 },
            ...{ kernelHeight: 1, kernelWidth: 1, strideY: 1, strideX: 1, padTop: 0, padLeft: 0 },
            ...{ dilationY: 1, dilationX: 1 },
          };
          const scratchSize = k.byteProductScratch(shape);
          const size = shape.outHeight * shape.outWidth * shape.outChannels;
          check(k.convolveBytes, {
            input: bytes(shape.inHeight * shape.inWidth * shape.inChannels, seed),
            packed: packedConvolution(shape, { scale, zero, factor }, seed),
            table: bytes(256, 5),
            outside: bytes(shape.inChannels, outside),
            output: new Uint8Array(to === 'floats' ? 4 * size : size),
            ...{
              scratch: new Float32Array(scratchSize),
              scratchSize,
              ...noImage,
              ...shape,
              ...finish,
            },
            ...(to === 'floats' ? { mode: byteModes.floats } : {}),
          });
        },
      ),
      parameters,
    );
  });

  it('of depthwise convolutions', () => {
    const shapes = fc.record({ y: axes, x: axes, inChannels: channelCounts });
    fc.assert(
      fc.property(
        ...[shapes, fc.constantFrom(1, 1, 2, 3), finishes, fc.nat()],
        ({ y, x, inChannels }, multiplier, { scale, zero, factor, outside, ...finish }, seed) => {
          const shape = { ...spatialShape(y, x), inChannels, multiplier };
          const channels = inChannels * multiplier;
          const row = Math.ceil(channels / 8) * 8;
          const next = random(seed);
          const taps = shape.kernelHeight * shape.kernelWidth;
          const packed = new Uint8Array(row * (16 + taps));
          const view = new DataView(packed.buffer);
          for (let c = 0; c < channels; c++) {
            view.setInt32(4 * c, next(20001) - 10000, true);
            view.setFloat32(4 * row + 4 * c, scale * (1 + next(100) / 100), true);
            view.setFloat32(8 * row + 4 * c, zero + next(9), true);
            view.setFloat32(12 * row + 4 * c, factor * (1 + next(100) / 100), true);
            for (let t = 0; t < taps; t++) view.setInt8(16 * row + t * row + c, next(255) - 127);
          }
          const scratchSize = k.byteProductScratch(shape);
          check(k.depthwiseBytes, {
            input: bytes(shape.inHeight * shape.inWidth * inChannels, seed, 256),
            ...{ packed, table: bytes(256, 5), outside: bytes(inChannels, outside) },
            output: new Uint8Array(shape.outHeight * shape.outWidth * channels),
            ...{ scratch: new Float32Array(scratchSize), scratchSize, ...noImage },
            ...{ ...shape, ...finish },
          });
        },
      ),
      parameters,
    );
  });

  it('round ties to even and saturate', () => {
    const clamped = (sum: number) => finishSum(sum, 0.5, 0, 1, byteModes.clamp, 0, 127);
    expect([1, 3, 5, -9, 1000].map(clamped)).toEqual([0, 2, 2, 0, 127]);
  });
});

describe('int8 elementwise', () => {
  const image = fc.record({
    ...{ pixels: fc.integer({ min: 1, max: 30 }), channels: fc.integer({ min: 1, max: 37 }) },
    seed: fc.nat(),
  });
  const float = fc.constantFrom(0.003, 0.4, 1.7, 30).map(Math.fround);
  const point = fc.constantFrom(0, 3, 64, 127);
  const each = (
    test: (size: { pixels: number; channels: number; seed: number }, s: number, z: number) => void,
  ) => fc.assert(fc.property(image, float, point, test), parameters);

  it('quantizes and dequantizes', () => {
    each(({ pixels, channels, seed }, scale, zero) => {
      const size = pixels * channels;
      const input = Float32Array.from(bytes(size, seed), (b) => (b - 64) / 7);
      check(k.quantize, { input, output: new Uint8Array(size), size, scale, zero });
      const output = new Float32Array(size);
      check(k.dequantize, { input: bytes(size, seed), output, size, scale, zero });
    });
  });

  it('adds and multiplies', () => {
    each(({ pixels, channels, seed }, scale, zero) => {
      const size = pixels * channels;
      const output = new Uint8Array(size);
      const [a, b] = [bytes(size, seed), bytes(size, seed + 1)];
      const add = { a, b, output, size, scaleA: scale, scaleB: Math.fround(0.7), zero };
      check(k.addBytes, { ...add, low: zero, high: 127 });
      const one = { a, output, pixels, channels, zeroA: 3, zeroB: zero, scale, zero };
      check(k.multiplyByteTensors, { ...one, b, perChannel: 0 });
      check(k.multiplyByteTensors, { ...one, b: bytes(channels, 9), perChannel: 1 });
    });
  });

  it('scales channels, looks up, copies and shuffles', () => {
    each(({ pixels, channels, seed }, scale, zero) => {
      const size = pixels * channels;
      const input = bytes(size, seed);
      const coefficients = Float32Array.from({ length: 2 * channels }, (_, i) =>
        i < channels ? scale * (1 - (i % 3)) : zero - i / 3,
      );
      const outputChannels = channels + 5;
      const wide = new Uint8Array(pixels * outputChannels);
      const rows = { pixels, channels, outputChannels, outputFrom: 3, low: 0, high: 127 };
      check(k.affineBytes, { input, coefficients, output: wide, ...rows });
      const output = new Uint8Array(size);
      check(k.tableBytes, { input, table: bytes(256, seed, 256), output, size });
      const copy = { pixels, count: channels, inputChannels: outputChannels, inputFrom: 2 };
      check(k.copyBytes, { input: bytes(wide.length, seed), output, ...copy });
      const groups = channels % 2 === 0 ? 2 : 1;
      check(k.shuffleBytes, { input, output, pixels, channels, groups });
    });
  });

  it('frames and pools', () => {
    const pools = fc.record({ y: axes, x: axes, channels: fc.integer({ min: 1, max: 35 }) });
    fc.assert(
      fc.property(
        pools,
        float,
        point,
        fc.constantFrom(0, 1),
        ({ y, x, channels }, s, zero, counted) => {
          const {
            kernelHeight: windowHeight,
            kernelWidth: windowWidth,
            ...shape
          } = spatialShape(y, x);
          // A window that sees nothing is refused by the compiler.
          fc.pre(shape.padTop < windowHeight && shape.padLeft < windowWidth);
          fc.pre((shape.outHeight - 1) * shape.strideY - shape.padTop < shape.inHeight);
          fc.pre((shape.outWidth - 1) * shape.strideX - shape.padLeft < shape.inWidth);
          const { dilationY: _, dilationX: __, ...rest } = shape;
          const pool = { ...rest, windowHeight, windowWidth, channels };
          const input = bytes(shape.inHeight * shape.inWidth * channels, 3);
          const output = new Uint8Array(shape.outHeight * shape.outWidth * channels);
          check(k.maxPoolBytes, { input, output, ...pool });
          const mean = { countPadding: counted, inputZero: zero, scale: s, zero };
          check(k.avgPoolBytes, { input, output, ...pool, ...mean });
          const sides = { top: 1, bottom: 2, left: 3, right: 0, fill: zero };
          const height = shape.inHeight + 3;
          const width = shape.inWidth + 3;
          const framed = new Uint8Array(height * width * channels);
          check(k.frameBytes, { input, output: framed, height, width, channels, ...sides });
        },
      ),
      parameters,
    );
  });
});
