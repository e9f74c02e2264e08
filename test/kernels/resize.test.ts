/**
 * `resizePhoto` is held to the bit against an integer reference of its own, since training, evaluation and emitted
 * modules must see the same pixels.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as k from '../../runtime/kernels/index.ts';
import { planResize, type ResizePlan } from '../../runtime/train/resize-plan.ts';
import { BUILDS, RUNS, runPlain, runWasm, sameBytes } from './harness.ts';
import { channelCounts, layOut, noise, type Photo, plain, rowsOf, sizes } from './photo-shapes.ts';

const parameters = { numRuns: RUNS, seed: 8 };
const int = (min: number, max: number) => fc.integer({ min, max });

/** Whole numbers with a triangle as wide as the larger of source and target pixel, written from the definition. */
function resizedAxis(line: readonly bigint[], target: number): bigint[] {
  const [source, to] = [BigInt(line.length), BigInt(target)];
  return Array.from({ length: target }, (_, position) => {
    const half = 2n * (source > to ? source : to);
    const centre = (2n * BigInt(position) + 1n) * source;
    let [sum, total] = [0n, 0n];
    line.forEach((value, i) => {
      const apart = (2n * BigInt(i) + 1n) * to - centre;
      const weight = half - (apart < 0n ? -apart : apart);
      if (weight <= 0n) return;
      sum += weight * value;
      total += weight;
    });
    return (2n * sum + total) / (2n * total);
  });
}

/** The pixels of the input, 0..255, in the layout [height, width, channels]. */
function resizedReference(
  photo: Photo,
  plan: ResizePlan,
  input: { width: number; height: number },
  channels: number,
) {
  const { crop, box } = plan;
  const planes = [0, 1, 2].map((c) => {
    const lines = Array.from({ length: crop.height }, (_, y) => {
      const at = (x: number) => photo.pixels[((crop.y + y) * photo.width + crop.x + x) * 3 + c]!;
      return resizedAxis(
        Array.from({ length: crop.width }, (_, x) => BigInt(at(x))),
        box.width,
      );
    });
    const columns = Array.from({ length: box.width }, (_, x) =>
      resizedAxis(
        lines.map((line) => line[x]!),
        box.height,
      ),
    );
    return (x: number, y: number) => {
      const inside = x >= box.x && x < box.x + box.width && y >= box.y && y < box.y + box.height;
      return inside ? Number(columns[x - box.x]![y - box.y]!) : 128;
    };
  });
  const values: number[] = [];
  for (let y = 0; y < input.height; y++) {
    for (let x = 0; x < input.width; x++) {
      const [r, g, b] = planes.map((plane) => plane(x, y)) as [number, number, number];
      if (channels === 1) values.push(Math.floor((r * 299 + g * 587 + b * 114 + 500) / 1000));
      else values.push(r, g, b);
    }
  }
  return values;
}

function resize(
  build: (typeof BUILDS)[number],
  photos: readonly Photo[],
  plans: readonly ResizePlan[],
  input: { width: number; height: number },
  channels: number,
  norms: Float32Array,
) {
  const { photos: bytes, places } = layOut(photos);
  const rows = plans.map(({ crop, box }, n) => ({
    ...{
      place: places[n]! / k.PHOTO_ALIGNMENT,
      width: photos[n]!.width,
      height: photos[n]!.height,
    },
    ...{ cropX: crop.x, cropY: crop.y, cropWidth: crop.width, cropHeight: crop.height },
    ...{ boxX: box.x, boxY: box.y, boxWidth: box.width, boxHeight: box.height },
  }));
  const output = new Float32Array(photos.length * input.width * input.height * channels).fill(7);
  const values = {
    photos: bytes,
    rows: rowsOf(k.RESIZE_ROW, rows),
    norms,
    output,
    // As a second thread has it.
    scratch: new Float32Array(2 * k.resizeScratch(input.width)).fill(Number.NaN),
    scratchSize: k.resizeScratch(input.width),
    slot: 1,
    channels,
    ...input,
  };
  const whole = runWasm(build, k.resizePhoto, values, photos.length).output!;
  for (const cuts of [2, 3]) {
    const again = runWasm(build, k.resizePhoto, values, photos.length, cuts).output!;
    if (!sameBytes(again, whole)) throw new Error('resizePhoto depends on the cut');
  }
  return { whole, values };
}

const modes = fc.constantFrom('stretch', 'cover', 'fit');
/** Any crop of a photo in any box of an input. */
const freePlans = fc
  .tuple(
    sizes,
    fc.record({ width: int(1, 24), height: int(1, 24) }),
    fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 8, maxLength: 8 }),
  )
  .map(([photo, input, u]) => {
    const span = (whole: number, a: number, b: number): [number, number] => {
      const from = Math.floor(a * whole);
      return [from, 1 + Math.floor(b * (whole - from))];
    };
    const part = (size: { width: number; height: number }, at: number) => {
      const [x, width] = span(size.width, u[at]!, u[at + 1]!);
      const [y, height] = span(size.height, u[at + 2]!, u[at + 3]!);
      return { x, y, width, height };
    };
    return { photo, input, plan: { crop: part(photo, 0), box: part(input, 4) } };
  });

describe('resizePhoto', () => {
  it.each(BUILDS)('is the integer reference to the bit for any crop and box, %s', (build) => {
    fc.assert(
      fc.property(
        freePlans,
        channelCounts,
        int(0, 2 ** 30),
        ({ photo, input, plan }, channels, seed) => {
          const picture = noise(photo.width, photo.height, seed);
          const { whole } = resize(build, [picture], [plan], input, channels, plain(channels));
          expect(Array.from(whole)).toEqual(resizedReference(picture, plan, input, channels));
        },
      ),
      parameters,
    );
  });

  it('is the integer reference to the bit in every mode, photos of several sizes at once', () => {
    const inputs = fc.record({ width: int(1, 20), height: int(1, 20) });
    fc.assert(
      fc.property(
        fc.array(sizes, { minLength: 1, maxLength: 3 }),
        inputs,
        modes,
        channelCounts,
        (all, input, mode, channels) => {
          const photos = all.map(({ width, height }, i) => noise(width, height, i + width));
          const plans = photos.map((photo) => planResize(photo, input, mode));
          const expected = photos.flatMap((p, i) =>
            resizedReference(p, plans[i]!, input, channels),
          );
          for (const build of BUILDS) {
            const { whole, values } = resize(
              build,
              photos,
              plans,
              input,
              channels,
              plain(channels),
            );
            expect(Array.from(whole)).toEqual(expected);
            expect(Array.from(runPlain(k.resizePhoto, values, photos.length).output!)).toEqual(
              expected,
            );
          }
        },
      ),
      parameters,
    );
  });

  it('gives the very pixels where photo and input have one size', () => {
    fc.assert(
      fc.property(sizes, modes, (size, mode) => {
        const photo = noise(size.width, size.height, 3);
        const plan = planResize(photo, size, mode);
        for (const build of BUILDS) {
          const { whole } = resize(build, [photo], [plan], size, 3, plain(3));
          expect(Array.from(whole)).toEqual(Array.from(photo.pixels));
        }
      }),
      parameters,
    );
  });

  it('keeps a photo of one colour, and normalises with one multiply and one add', () => {
    const norms = Float32Array.of(0.1, 0.2, 0.3, -1, -2, -3);
    const colour = [200, 30, 255];
    const photo = {
      width: 17,
      height: 9,
      pixels: Uint8Array.from({ length: 17 * 9 * 3 }, (_, i) => colour[i % 3]!),
    };
    const input = { width: 6, height: 5 };
    for (const build of BUILDS) {
      const { whole } = resize(
        build,
        [photo],
        [planResize(photo, input, 'cover')],
        input,
        3,
        norms,
      );
      whole.forEach((value, i) => {
        const c = i % 3;
        expect(value).toBe(Math.fround(Math.fround(colour[c]! * norms[c]!) + norms[3 + c]!));
      });
    }
  });

  // The sums are 32 bits wide: the largest photo that netlathe decodes, in the smallest common input.
  it('does not overflow for a photo of 8,000 pixels a side in 32', () => {
    const photo = { width: 8000, height: 1, pixels: new Uint8Array(24_000).fill(255) };
    const plan = planResize(photo, { width: 32, height: 1 }, 'stretch');
    const { whole } = resize('strict', [photo], [plan], { width: 32, height: 1 }, 3, plain(3));
    expect(whole.every((v) => v === 255)).toBe(true);
  });
});
