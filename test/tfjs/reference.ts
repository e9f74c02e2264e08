/** The definitions of PyTorch in the plainest loops, over one image [height, width, channels]. */

export interface Image {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly values: Float64Array;
}

export interface Window {
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly dilation: readonly [number, number];
  /** Top and left; bottom and right follow from the size of the output. */
  readonly before: readonly [number, number];
}

function at(image: Image, y: number, x: number, c: number): number | undefined {
  if (y < 0 || x < 0 || y >= image.height || x >= image.width) return undefined;
  return image.values[(y * image.width + x) * image.channels + c];
}

function build(
  height: number,
  width: number,
  channels: number,
  value: (y: number, x: number, c: number) => number,
): Image {
  const values = new Float64Array(height * width * channels);
  let i = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < channels; c++) values[i++] = value(y, x, c);
    }
  }
  return { height, width, channels, values };
}

/** Every pixel under the window at (y, x); `undefined` in the padding. */
function* taps(image: Image, window: Window, y: number, x: number, c: number) {
  for (let i = 0; i < window.kernel[0]; i++) {
    for (let j = 0; j < window.kernel[1]; j++) {
      const row = y * window.stride[0] - window.before[0] + i * window.dilation[0];
      const column = x * window.stride[1] - window.before[1] + j * window.dilation[1];
      yield { i, j, value: at(image, row, column, c) };
    }
  }
}

/** Kernel [kh, kw, in / groups, out]. */
export function convolve(
  image: Image,
  window: Window,
  output: { readonly height: number; readonly width: number; readonly channels: number },
  groups: number,
  kernel: Float32Array,
  bias: Float32Array | undefined,
): Image {
  const perGroup = image.channels / groups;
  const filters = output.channels;
  return build(output.height, output.width, filters, (y, x, f) => {
    let sum = bias?.[f] ?? 0;
    const first = Math.floor(f / (filters / groups)) * perGroup;
    for (let c = 0; c < perGroup; c++) {
      for (const { i, j, value } of taps(image, window, y, x, first + c)) {
        const weight = kernel[((i * window.kernel[1] + j) * perGroup + c) * filters + f] as number;
        sum += (value ?? 0) * weight;
      }
    }
    return sum;
  });
}

export function maxPool(image: Image, window: Window, height: number, width: number): Image {
  return build(height, width, image.channels, (y, x, c) => {
    let best = Number.NEGATIVE_INFINITY;
    for (const { value } of taps(image, window, y, x, c)) best = Math.max(best, value ?? best);
    return best;
  });
}

export function averagePool(
  image: Image,
  window: Window,
  height: number,
  width: number,
  countPadding: boolean,
): Image {
  return build(height, width, image.channels, (y, x, c) => {
    let sum = 0;
    let count = 0;
    for (const { value } of taps(image, window, y, x, c)) {
      sum += value ?? 0;
      if (countPadding || value !== undefined) count++;
    }
    return sum / count;
  });
}
