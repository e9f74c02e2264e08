/** The icon of an app: a lens over three bars, in a colour that its name picks, so that two apps can be told apart. */

import { createHash } from 'node:crypto';
import { pngOf } from './png.ts';

type Colour = readonly [red: number, green: number, blue: number];

/** White on each has a contrast of 4.5 or more. */
const grounds: readonly Colour[] = [
  [11, 106, 133],
  [28, 112, 68],
  [140, 74, 12],
  [106, 90, 160],
  [160, 52, 92],
  [58, 92, 168],
  [122, 92, 20],
  [86, 104, 40],
];
const white: Colour = [255, 255, 255];

/** A shape: distance to its edge in the unit square, negative inside. */
type Shape = (x: number, y: number) => number;

const ring: Shape = (x, y) => Math.abs(Math.sqrt((x - 0.5) ** 2 + (y - 0.37) ** 2) - 0.15) - 0.03;
const dot: Shape = (x, y) => Math.sqrt((x - 0.5) ** 2 + (y - 0.37) ** 2) - 0.06;

/** A bar with round ends that begins at the left. */
function bar(y0: number, length: number): Shape {
  return (x, y) => {
    const along = Math.min(Math.max(x, 0.29), 0.29 + length);
    return Math.sqrt((x - along) ** 2 + (y - y0) ** 2) - 0.03;
  };
}

const shapes: readonly Shape[] = [ring, dot, bar(0.66, 0.42), bar(0.755, 0.2), bar(0.85, 0.08)];

export interface IconStyle {
  /** The drawing's part of the square; a maskable icon keeps away from edges that a launcher may cut off. */
  readonly scale: number;
}

export function groundOf(name: string): Colour {
  const [pick] = createHash('sha256').update(name).digest();
  return grounds[(pick as number) % grounds.length] as Colour;
}

/** A square of `size` pixels. */
export function iconOf(name: string, size: number, { scale }: IconStyle): Uint8Array {
  const ground = groundOf(name);
  const data = new Uint8Array(3 * size * size);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const u = ((x + 0.5) / size - 0.5) / scale + 0.5;
      const v = ((y + 0.5) / size - 0.5) / scale + 0.5;
      const distance = Math.min(...shapes.map((shape) => shape(u, v))) * size * scale;
      const cover = Math.min(1, Math.max(0, 0.5 - distance));
      for (let c = 0; c < 3; c++) {
        const [from, to] = [ground[c] as number, white[c] as number];
        data[3 * (y * size + x) + c] = Math.round(from + (to - from) * cover);
      }
    }
  }
  return pngOf({ width: size, height: size, data });
}
