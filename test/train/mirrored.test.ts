/** The other half of `eval --tta flip`: each photo as in a mirror. */
import { expect, it } from 'vitest';
import { initialize } from '../../compiler/weights/index.ts';
import type { ImageSet } from '../../runtime/data/index.ts';
import { Evaluator } from '../../runtime/train/evaluator.ts';
import { graphOf } from '../support/compile.ts';
import { photos } from '../support/photos.ts';

const graph = graphOf(`
version: 1
name: mirrored
input: { height: 10, width: 10, resize: stretch }
classes: 3
layers: [{ op: conv2d, filters: 4, kernel: 3 }, relu, flatten, { op: dense, units: classes }]
`);

const weights = initialize(graph, 1);

async function logitsOf(images: ImageSet, mirrored?: boolean): Promise<Float32Array> {
  const evaluator = await Evaluator.create(graph, images, {
    ...{ threads: 1, build: 'strict', batch: 4 },
    ...(mirrored === undefined ? {} : { mirrored }),
  });
  try {
    return await evaluator.run(weights);
  } finally {
    await evaluator.close();
  }
}

/** Written out pixel by pixel. */
function turned(images: ImageSet): ImageSet {
  const pixels = new Uint8Array(new SharedArrayBuffer(images.pixels.length));
  for (let n = 0; n < images.count; n++) {
    const [offset, width, height] = [images.offsets, images.widths, images.heights].map(
      (of) => of[n] as number,
    ) as [number, number, number];
    for (let i = 0; i < width * height * 3; i++) {
      const [line, x, c] = [Math.floor(i / (width * 3)), Math.floor(i / 3) % width, i % 3];
      const from = (line * width + width - 1 - x) * 3 + c;
      pixels[offset + i] = images.pixels[offset + from] as number;
    }
  }
  return { ...images, pixels };
}

it('sees what it would see of photos that were stored the other way round', async () => {
  const images = photos(9, 3);
  const mirrored = await logitsOf(images, true);
  expect(mirrored).toEqual(await logitsOf(turned(images)));
  expect(mirrored).not.toEqual(await logitsOf(images));
});
