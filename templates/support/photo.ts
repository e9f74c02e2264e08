/**
 * From a picture to the network's input: the same crop, the same whole-number triangle filter and the same
 * normalisation as in training, bit for bit. Each line of the picture is read once, so that a photo of twelve
 * megapixels costs what its pixels cost and needs no memory of its own.
 */
import {
  addLine,
  overWhite,
  planLine,
  rounded,
  type Scratch,
  scratchFor,
  shrinkLine,
  stretchLine,
  weightOf,
} from './scale.ts';
import type { ModelSpec, PixelImage } from './types.ts';

interface Size {
  readonly width: number;
  readonly height: number;
}

interface Rectangle extends Size {
  readonly x: number;
  readonly y: number;
}

/** The largest rectangle of one shape in the middle of another. */
function centred(outer: Size, shape: Size): Rectangle {
  let { width, height } = outer;
  if (outer.width * shape.height > outer.height * shape.width) {
    width = Math.max(1, Math.round((outer.height * shape.width) / shape.height));
  } else {
    height = Math.max(1, Math.round((outer.width * shape.height) / shape.width));
  }
  const x = Math.floor((outer.width - width) / 2);
  return { x, y: Math.floor((outer.height - height) / 2), width, height };
}

function whole({ width, height }: Size): Rectangle {
  return { x: 0, y: 0, width, height };
}

/** Mid grey, around a photo that does not fill the input. */
const surround = 128;

type Store = (to: number, red: number, green: number, blue: number) => void;

/** Puts a pixel into the input: normalised by a table, which is exact, and grey where the network takes no colours. */
function storeInto(output: Float32Array, channels: number, norms: readonly number[]): Store {
  const values = new Float32Array(256 * channels);
  for (let c = 0; c < channels; c++) {
    for (let v = 0; v < 256; v++) {
      const scaled = Math.fround(v * (norms[c] as number));
      values[c * 256 + v] = scaled + (norms[channels + c] as number);
    }
  }
  if (channels === 1) {
    return (to, red, green, blue) => {
      const grey = Math.floor((red * 299 + green * 587 + blue * 114 + 500) / 1000);
      output[to] = values[grey] as number;
    };
  }
  return (to, red, green, blue) => {
    output[to] = values[red] as number;
    output[to + 1] = values[256 + green] as number;
    output[to + 2] = values[512 + blue] as number;
  };
}

/** What preprocessing depends on. */
export interface PhotoSpec extends Pick<ModelSpec, 'resize' | 'norms'> {
  readonly info: Pick<ModelSpec['info'], 'input'>;
}

export type WriteInput = (image: PixelImage) => void;

/** Writes pictures into `output`. Whatever it needs is allocated here, once. */
export function photoWriter(spec: PhotoSpec, output: Float32Array): WriteInput {
  const { input } = spec.info;
  const { width, height, channels } = input;
  const scratch = scratchFor(width, height);
  const store = storeInto(output, channels, spec.norms);
  return (image) => {
    const bytes = bytesPerPixel(image);
    const crop = spec.resize === 'cover' ? centred(image, input) : whole(image);
    const box = spec.resize === 'fit' ? centred(input, image) : whole(input);
    if (crop.width === width && crop.height === height) {
      copyInto(store, image, bytes, crop, channels);
      return;
    }
    scaleInto(scratch, image, bytes, crop, box);
    if (box.width * box.height < width * height) {
      for (let to = 0; to < output.length; to += channels) store(to, surround, surround, surround);
    }
    const { sums, totals } = scratch;
    for (let y = 0, at = 0; y < box.height; y++) {
      const total = totals[y] as number;
      let to = ((box.y + y) * width + box.x) * channels;
      for (let x = 0; x < box.width; x++, at += 3, to += channels) {
        store(
          to,
          rounded(sums[at] as number, total),
          rounded(sums[at + 1] as number, total),
          rounded(sums[at + 2] as number, total),
        );
      }
    }
  };
}

/** At its own size each output sees one pixel alone. */
function copyInto(
  store: Store,
  { data, width }: PixelImage,
  bytes: number,
  crop: Rectangle,
  channels: number,
): void {
  for (let y = 0, to = 0; y < crop.height; y++) {
    let at = ((crop.y + y) * width + crop.x) * bytes;
    for (let x = 0; x < crop.width; x++, at += bytes, to += channels) {
      const alpha = bytes === 4 ? (data[at + 3] as number) : 255;
      store(
        to,
        overWhite(data[at] as number, alpha),
        overWhite(data[at + 1] as number, alpha),
        overWhite(data[at + 2] as number, alpha),
      );
    }
  }
}

function scaleInto(
  scratch: Scratch,
  image: PixelImage,
  bytes: number,
  crop: Rectangle,
  box: Rectangle,
): void {
  scratch.sums.fill(0);
  scratch.totals.fill(0);
  planLine(scratch, crop.width, box.width);
  const scaleLine = crop.width < box.width ? stretchLine : shrinkLine;
  let first = 0;
  for (let y = 0; y < crop.height; y++) {
    const start = ((crop.y + y) * image.width + crop.x) * bytes;
    scaleLine(scratch, image, start, bytes, crop.width, box.width);
    // Rows that end above this line are complete; without the second condition one that begins below would count too.
    while (
      first < box.height - 1 &&
      weightOf(y, box.height, first, crop.height) <= 0 &&
      (2 * first + 1) * crop.height < (2 * y + 1) * box.height
    ) {
      first++;
    }
    addLine(scratch, y, first, crop.height, box);
  }
}

function bytesPerPixel({ data, width, height }: PixelImage): number {
  const pixels = width * height;
  if (!(Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0)) {
    throw new TypeError('an image needs a width and a height');
  }
  const bytes = data.length / pixels;
  if (bytes !== 3 && bytes !== 4) {
    throw new TypeError(
      `an image of ${width} x ${height} has 3 or 4 bytes a pixel, this has ${data.length} bytes`,
    );
  }
  return bytes;
}
