/** Changes from a list: kernels against twins, and twins against Pillow. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as k from '../../runtime/kernels/index.ts';
import { drawChanges } from '../../runtime/train/rand-augment.ts';
import { purpose, Random } from '../../runtime/train/random.ts';
import { resolveRecipe } from '../../runtime/train/recipe.ts';
import { checkAgreement } from './agree.ts';
import { RUNS, randomFloats, runPlain } from './harness.ts';

const parameters = { numRuns: RUNS, seed: 13 };
const int = (min: number, max: number) => fc.integer({ min, max });
const amount = fc.double({ min: 0.1, max: 1.9, noNaN: true });
const codes = k.ALTER_CODES;

interface Shape {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

const shapes: fc.Arbitrary<Shape> = fc.record({
  ...{ batch: int(1, 3), height: int(1, 12), width: int(1, 12) },
  channels: fc.constantFrom(1, 3),
});

const identity = (channels: number) =>
  Float32Array.from({ length: 2 * channels }, (_, i) => (i < channels ? 1 : 0));

type Row = readonly (readonly number[])[];

function values(image: Float32Array, { channels, ...shape }: Shape, changes: Row, box?: number[]) {
  const rows = new Float32Array(shape.batch * k.ALTER_ROW.size);
  for (let n = 0; n < shape.batch; n++) {
    changes.forEach((change, i) => {
      rows.set(change, n * k.ALTER_ROW.size + i * k.ALTER_ROW.change);
    });
    if (box) rows.set(box, n * k.ALTER_ROW.size + k.ALTER_ROW.erase);
  }
  const { height, width } = shape;
  const blank = () => new Float32Array(image.length);
  return {
    ...{ image, other: blank(), tables: new Float32Array(shape.batch * 256), rows },
    ...{ norms: identity(channels), output: blank(), height, width, channels },
  };
}

/** The output alone: what is left in the working room is nobody's business. */
function agree(image: Float32Array, shape: Shape, changes: Row, tolerance: number, box?: number[]) {
  const given = values(image, shape, changes, box);
  const record = {
    ...k.alterImages,
    args: { ...k.alterImages.args, image: 'in', other: 'in', tables: 'in' },
  } as const;
  checkAgreement(record, given, shape.batch, tolerance);
}

const size = ({ batch, height, width, channels }: Shape) => batch * height * width * channels;
const smooth = (shape: Shape) => randomFloats(size(shape), 5).map((x) => 127.5 + 127 * x);
const whole = (shape: Shape) => smooth(shape).map(Math.round);

const smoothChange = fc.oneof(
  fc.tuple(
    fc.constantFrom(codes.brightness, codes.contrast, codes.saturation, codes.sharpness),
    amount,
  ),
  fc.constant([codes.autocontrast]),
  fc.constant([codes.none]),
  fc
    .tuple(fc.double({ min: -1, max: 1, noNaN: true }), int(-5, 5), int(-5, 5))
    .map(([angle, x, y]) => [
      ...[codes.affine, Math.cos(angle), -Math.sin(angle), x],
      ...[Math.sin(angle), Math.cos(angle), y],
    ]),
);

describe('alterImages', () => {
  it('agrees with its twin for changes in a row, however the batch is cut', () => {
    const rows = fc.array(smoothChange, { maxLength: 4 });
    const boxes = fc.array(int(0, 8), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(shapes, rows, boxes, (shape, row, box) => {
        // A stretch may multiply what rounding left by much.
        agree(smooth(shape), shape, row, 2e-3, box);
      }),
      parameters,
    );
  });

  it('agrees with its twin for changes that jump, on whole values', () => {
    const jump = fc.oneof(
      fc.constantFrom(1, 2, 4, 8, 16).map((step) => [codes.posterize, step]),
      int(0, 255).map((from) => [codes.solarize, from]),
      fc.constant([codes.equalize]),
    );
    fc.assert(
      fc.property(shapes, fc.array(jump, { maxLength: 3 }), (shape, row) => {
        agree(whole(shape), shape, row, 0);
      }),
      parameters,
    );
    const large = { batch: 2, height: 30, width: 40, channels: 3 };
    agree(whole(large), large, [[codes.equalize], [codes.posterize, 8]], 0);
  });

  it('normalises at the end, and greys the box', () => {
    const shape = { batch: 1, height: 2, width: 2, channels: 1 };
    const norms = Float32Array.of(0.5, -3);
    const given = { ...values(Float32Array.of(10, 20, 30, 40), shape, [], [1, 0, 1, 1]), norms };
    expect([...runPlain(k.alterImages, given, 1).output!]).toEqual([2, 127.5 / 2 - 3, 12, 17]);
  });

  it('moves and turns as the map says', () => {
    const shape = { batch: 1, height: 2, width: 3, channels: 1 };
    const image = Float32Array.of(1, 2, 3, 4, 5, 6);
    const run = (change: number[]) =>
      Array.from(runPlain(k.alterImages, values(image, shape, [change]), 1).output!, (x) =>
        Math.round(x),
      );
    expect(run([codes.affine, 1, 0, 1, 0, 1, 0])).toEqual([2, 3, 0, 5, 6, 0]);
    expect(run([codes.affine, -1, 0, 0, 0, -1, 0])).toEqual([6, 5, 4, 3, 2, 1]);
  });
});

/** Every 97th value of what Pillow makes of the picture below. */
const pillow: Readonly<Record<string, readonly number[]>> = {
  equalize: [
    0, 148, 151, 174, 2, 147, 255, 179, 155, 172, 62, 177, 255, 255, 213, 142, 93, 177, 74, 14, 243,
    248, 255, 10, 124, 128, 14, 15, 92, 115, 231, 255, 238, 235, 255, 255, 162, 198, 31, 106, 137,
    190, 66, 167, 255, 255, 131, 155,
  ],
  posterize: [
    40, 120, 128, 136, 40, 120, 200, 144, 128, 136, 72, 144, 216, 192, 160, 120, 88, 144, 80, 48,
    176, 184, 192, 40, 112, 112, 48, 48, 88, 104, 168, 208, 176, 176, 200, 200, 136, 152, 56, 104,
    112, 152, 80, 136, 200, 192, 112, 128,
  ],
  solarize: [
    40, 129, 125, 112, 41, 128, 51, 110, 123, 113, 76, 110, 36, 59, 89, 132, 93, 110, 85, 48, 73,
    69, 63, 46, 141, 142, 49, 50, 92, 145, 80, 45, 76, 78, 50, 49, 118, 97, 60, 150, 136, 102, 81,
    117, 51, 59, 140, 123,
  ],
  autocontrast: [
    0, 121, 127, 145, 1, 123, 232, 148, 130, 144, 51, 148, 253, 221, 178, 117, 75, 148, 63, 11, 201,
    206, 215, 8, 104, 103, 12, 14, 73, 99, 191, 240, 196, 194, 233, 235, 137, 167, 28, 92, 111, 160,
    58, 138, 232, 221, 106, 130,
  ],
  sharpness: [
    40, 126, 133, 146, 14, 121, 229, 142, 137, 145, 52, 154, 243, 216, 180, 115, 74, 145, 71, 13,
    193, 195, 219, 14, 111, 104, 24, 25, 72, 111, 192, 240, 189, 199, 232, 238, 143, 170, 49, 90,
    119, 154, 58, 133, 240, 217, 115, 132,
  ],
  contrast: [
    85, 128, 130, 136, 85, 128, 167, 137, 131, 136, 103, 137, 174, 163, 148, 126, 111, 137, 107, 89,
    156, 158, 161, 88, 122, 121, 89, 90, 111, 120, 152, 170, 154, 153, 167, 168, 133, 144, 95, 117,
    124, 141, 105, 134, 167, 163, 122, 131,
  ],
  saturation: [
    13, 107, 103, 169, 22, 100, 230, 163, 159, 168, 57, 172, 245, 214, 193, 96, 74, 172, 58, 29,
    209, 212, 210, 19, 87, 94, 22, 23, 73, 83, 201, 228, 206, 203, 223, 233, 163, 176, 33, 78, 100,
    180, 54, 156, 231, 222, 96, 159,
  ],
  brightness: [
    52, 163, 169, 185, 53, 165, 255, 188, 171, 184, 98, 188, 255, 254, 215, 159, 120, 188, 110, 62,
    236, 241, 249, 59, 148, 146, 63, 65, 119, 143, 227, 255, 232, 230, 255, 255, 178, 205, 78, 136,
    154, 198, 105, 179, 255, 254, 149, 171,
  ],
};

const amounts: Readonly<Record<string, number>> = {
  ...{ posterize: 8, solarize: 100, sharpness: 1.6, contrast: 0.5, saturation: 1.5 },
  brightness: 1.3,
};

describe('what Pillow does', () => {
  const shape = { batch: 1, height: 32, width: 48, channels: 3 };
  const image = Float32Array.from({ length: size(shape) }, (_, i) => {
    const [x, y, c] = [Math.floor(i / 3) % 48, Math.floor(i / 144), i % 3];
    return 40 + ((x * x * 3 + y * 37 + c * 91 + ((x * y * 13) % 50)) % 181);
  });

  it.each(Object.keys(pillow))('%s is the same to rounding', (op) => {
    const change = [codes[op as keyof typeof codes], amounts[op] ?? 0];
    const output = runPlain(k.alterImages, values(image, shape, [change]), 1).output!;
    const exact = ['equalize', 'posterize', 'solarize'].includes(op);
    for (const [i, expected] of (pillow[op] ?? []).entries()) {
      const off = Math.abs(output[i * 97]! - expected);
      // Pillow keeps whole numbers, of grey too.
      expect(off, `${i * 97}`).toBeLessThanOrEqual(exact ? 0 : 1.2);
    }
    expect(pillow[op]?.length).toBe(48);
  });
});

describe('the changes that are drawn', () => {
  const recipe = (written: object) => {
    const { randAugment } = resolveRecipe({ augment: { randAugment: written } }).augment;
    if (!randAugment) throw new Error('no list');
    return randAugment;
  };
  const draw = (written: object, index: number) =>
    drawChanges(
      recipe(written),
      { width: 20, height: 10 },
      new Random(1, purpose.augment, 0, index),
    );

  it('are as many as asked for, from the whole list', () => {
    const drawn = Array.from({ length: 300 }, (_, i) => draw({ choose: 3 }, i));
    expect(drawn.every((changes) => changes.length === 3)).toBe(true);
    expect(new Set(drawn.flat().map(({ code }) => code)).size).toBe(10);
    expect(draw({ choose: 3 }, 7)).toEqual(drawn[7]);
  });

  it('change nothing at magnitude 0 but what has none', () => {
    const ops = ['rotate', 'shear', 'translate', 'brightness', 'contrast', 'saturation'];
    const shape = { batch: 1, height: 10, width: 20, channels: 3 };
    const image = smooth(shape);
    for (let i = 0; i < 40; i++) {
      const changes = draw({ magnitude: 0, ops: [...ops, 'sharpness', 'posterize'] }, i);
      const rows = changes.map(({ code, numbers }) => [code, ...numbers]);
      const { output } = runPlain(k.alterImages, values(image.map(Math.round), shape, rows), 1);
      output!.forEach((x, at) => {
        expect(Math.abs(x - Math.round(image[at]!))).toBeLessThan(1e-4);
      });
    }
  });
});
