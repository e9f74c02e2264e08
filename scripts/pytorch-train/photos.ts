/** Photos that are made up: three patterns under noise, which a small network learns in a few epochs. */

import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { Random } from '../../runtime/train/random.ts';

const patterns = {
  dots: (x: number, y: number, k: number) => Math.sin(x * k) * Math.sin(y * k),
  stripes: (x: number, _y: number, k: number) => Math.sign(Math.sin(x * k)),
  waves: (_x: number, y: number, k: number) => Math.sin(y * k),
};
const written = { training: 40, validation: 16 };

/** PNG, which every decoder reads to the same pixels. */
export async function writePhotos(folder: string, width: number, height: number): Promise<void> {
  const random = new Random(3, 1);
  for (const [split, count] of Object.entries(written)) {
    for (const [label, pattern] of Object.entries(patterns)) {
      mkdirSync(path.join(folder, split, label), { recursive: true });
      for (let n = 0; n < count; n++) {
        const k = 0.6 + 0.3 * random.unit();
        const pixels = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
          const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
          return Math.round(120 + 60 * pattern(x, y, k) + 60 * (random.unit() - 0.5));
        });
        const image = sharp(pixels, { raw: { width, height, channels: 3 } });
        await image.png().toFile(path.join(folder, split, label, `${n}.png`));
      }
    }
  }
}

/** Leaves so many of each class, split by split. */
export function keepSome(folder: string, counts: Readonly<Record<string, number>>): void {
  for (const [split, count] of Object.entries(counts)) {
    for (const label of readdirSync(path.join(folder, split))) {
      const files = readdirSync(path.join(folder, split, label)).sort();
      for (const file of files.slice(count)) rmSync(path.join(folder, split, label, file));
    }
  }
}
