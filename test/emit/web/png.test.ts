import fc from 'fast-check';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { iconOf } from '../../../compiler/7-emit/web/icon.ts';
import { pngOf } from '../../../compiler/7-emit/web/png.ts';

async function pixels(png: Uint8Array) {
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return { data: [...data], width: info.width, height: info.height };
}

/** Noise, stretches of one byte and stretches of one pixel: literals, and runs at both distances. */
const stretch = fc
  .tuple(fc.array(fc.nat(255), { minLength: 1, maxLength: 5 }), fc.integer({ min: 1, max: 400 }))
  .map(([bytes, count]) => Array.from({ length: count }, (_, i) => bytes[i % bytes.length]));

test('a decoder finds the pixels that went in', async () => {
  const raster = fc.tuple(
    fc.integer({ min: 1, max: 40 }),
    fc.integer({ min: 1, max: 40 }),
    fc.array(stretch, { minLength: 1, maxLength: 12 }),
  );
  await fc.assert(
    fc.asyncProperty(raster, async ([width, height, stretches]) => {
      const bytes = stretches.flat() as number[];
      const data = Uint8Array.from(
        { length: 3 * width * height },
        (_, i) => bytes[i % bytes.length] as number,
      );
      expect(await pixels(pngOf({ width, height, data }))).toEqual({
        data: [...data],
        width,
        height,
      });
    }),
    { numRuns: 200 },
  );
});

test('an icon is small, and in a colour of its name', async () => {
  const icon = iconOf('student', 192, { scale: 1 });
  expect(icon.length).toBeLessThan(8192);
  expect(iconOf('student', 192, { scale: 1 })).toEqual(icon);
  const corners = ['student', 'plain', 'mobilenet', 'resnet', 'x'].map(async (name) => {
    const { data } = await pixels(iconOf(name, 48, { scale: 1 }));
    return data.slice(0, 3).join();
  });
  expect(new Set(await Promise.all(corners)).size).toBeGreaterThan(2);
});
