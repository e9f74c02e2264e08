import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { normsOf } from '../../compiler/6-lower/photos.ts';
import type { Graph, Preprocessing } from '../../compiler/graph/graph.ts';
import { decodeImage } from '../../runtime/data/index.ts';
import {
  compileKernelModule,
  createKernelMemory,
  instantiateKernels,
} from '../../runtime/kernels/load.ts';
import { PHOTO_ALIGNMENT, RESIZE_ROW, resizeScratch } from '../../runtime/kernels/plain/augment.ts';
import { planResize } from '../../runtime/train/resize-plan.ts';
import { photoWriter } from '../../templates/support/photo.ts';
import type { ModelSpec, PixelImage } from '../../templates/support/types.ts';

const memory = createKernelMemory(64 * 2 ** 20);
const kernels = instantiateKernels(await compileKernelModule('strict'), memory);

interface Case {
  readonly input: { readonly width: number; readonly height: number; readonly channels: number };
  readonly preprocessing: Preprocessing;
}

/** The trainer's own way: the kernel, over RGB bytes. */
function byKernel({ data, width, height }: PixelImage, { input, preprocessing }: Case) {
  const places = { rows: 64, norms: 256, output: 1024, scratch: 24 * 2 ** 20, photo: 32 * 2 ** 20 };
  const { crop, box } = planResize({ width, height }, input, preprocessing.resize);
  const row = new Float32Array(memory.buffer, places.rows, RESIZE_ROW.size);
  const { x, y, width: w, height: h } = crop;
  row.set([places.photo / PHOTO_ALIGNMENT, width, height, x, y, w, h]);
  row.set([box.x, box.y, box.width, box.height], RESIZE_ROW.boxX);
  new Float32Array(memory.buffer, places.norms, 2 * input.channels).set(norms(preprocessing));
  new Uint8Array(memory.buffer).set(data, places.photo);
  const { rows, norms: scales, output, scratch } = places;
  const sizes = [input.height, input.width, input.channels, resizeScratch(input.width), 0];
  kernels.resizePhoto?.(0, rows, scales, output, scratch, ...sizes, 0, 1);
  const size = input.height * input.width * input.channels;
  return new Float32Array(memory.buffer, places.output, size).slice();
}

function norms(preprocessing: Preprocessing): Float32Array {
  return normsOf({ preprocessing } as Graph);
}

function byModule(image: PixelImage, { input, preprocessing }: Case) {
  const output = new Float32Array(input.height * input.width * input.channels);
  const spec = { info: { input }, resize: preprocessing.resize, norms: [...norms(preprocessing)] };
  photoWriter(spec as unknown as ModelSpec, output)(image);
  return output;
}

function noise(width: number, height: number, channels: number, seed: number): PixelImage {
  let state = seed | 0;
  const data = Uint8Array.from({ length: width * height * channels }, () => {
    state = (Math.imul(state, 1103515245) + 12345) | 0;
    return state >>> 24;
  });
  return { data, width, height };
}

const side = fc.integer({ min: 1, max: 70 });
const share = fc.double({ min: 0.05, max: 1, noNaN: true });
const cases = fc
  .record({
    width: side,
    height: side,
    channels: fc.constantFrom(1, 3),
    resize: fc.constantFrom('cover', 'fit', 'stretch'),
    mean: fc.tuple(share, share, share),
    std: fc.tuple(share, share, share),
  })
  .map(({ width, height, channels, resize, mean, std }): Case => {
    const preprocessing = { resize, mean: mean.slice(0, channels), std: std.slice(0, channels) };
    return { input: { width, height, channels }, preprocessing };
  });

const student: Case = {
  input: { width: 128, height: 128, channels: 3 },
  preprocessing: { resize: 'cover', mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
};

describe('from a picture to the input', () => {
  test('bit-equal to the kernel that training uses, at any size', () => {
    const size = fc.integer({ min: 1, max: 300 });
    fc.assert(
      fc.property(cases, size, size, fc.nat(), (given, width, height, seed) => {
        const image = noise(width, height, 3, seed);
        expect(byModule(image, given)).toEqual(byKernel(image, given));
      }),
      { numRuns: 300 },
    );
  });

  test('bit-equal at its own size, whole or cropped', () => {
    fc.assert(
      fc.property(cases, fc.constantFrom(0, 1, 5), fc.nat(), (given, more, seed) => {
        const { width, height } = given.input;
        const image = noise(width + more, height, 3, seed);
        expect(byModule(image, given)).toEqual(byKernel(image, given));
      }),
      { numRuns: 100 },
    );
  });

  test('bit-equal for a photo of three megapixels', () => {
    const image = noise(2048, 1536, 3, 7);
    expect(byModule(image, student)).toEqual(byKernel(image, student));
  });

  test('opaque RGBA is RGB', () => {
    const { data, width, height } = noise(90, 61, 3, 5);
    const rgba = new Uint8ClampedArray(width * height * 4).fill(255);
    for (let i = 0; i < data.length; i++) rgba[i + Math.floor(i / 3)] = data[i] as number;
    const opaque = byModule({ data: rgba, width, height }, student);
    expect(opaque).toEqual(byModule({ data, width, height }, student));
  });

  test('transparency is laid over white as the decoder does, for every level and alpha', async () => {
    const data = Uint8Array.from({ length: 256 * 256 * 4 }, (_, i) => {
      const pixel = i >> 2;
      return (i & 3) === 3 ? pixel >> 8 : (pixel + (i & 3) * 85) & 255;
    });
    const rgba = { data, width: 256, height: 256 };
    const png = await sharp(data, { raw: { width: 256, height: 256, channels: 4 } })
      .png()
      .toBuffer();
    const decoded = await decodeImage(png);
    const same = { ...student, input: { width: 256, height: 256, channels: 3 } };
    const flat = { data: decoded.pixels, width: 256, height: 256 };
    expect(byModule(rgba, same)).toEqual(byModule(flat, same));
  });

  test.each([
    [{ data: new Uint8Array(11), width: 2, height: 2 }, '3 or 4 bytes a pixel'],
    [{ data: new Uint8Array(8), width: 2, height: 2 }, '3 or 4 bytes a pixel'],
    [{ data: new Uint8Array(0), width: 0, height: 0 }, 'a width and a height'],
    [{ data: new Uint8Array(12), width: 2.5, height: 2 }, 'a width and a height'],
  ])('what is no picture is refused', (image, message) => {
    expect(() => byModule(image, student)).toThrow(message);
  });
});
