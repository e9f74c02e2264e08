/** Every tensor of a Graph is a batch of images [N, height, width, channels] of float32; vectors are 1 x 1 images. */
export interface Shape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

export function elements(shape: Shape): number {
  return shape.height * shape.width * shape.channels;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.height === b.height && a.width === b.width && a.channels === b.channels;
}

/** `64x64x16`; a 1 x 1 image is written as its channel count alone. */
export function formatShape(shape: Shape): string {
  const { height, width, channels } = shape;
  return height === 1 && width === 1 ? `${channels}` : `${height}x${width}x${channels}`;
}
