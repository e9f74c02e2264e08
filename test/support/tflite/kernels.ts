/**
 * What TFLite's operators compute, as plainly as it can be said; arrays are row by row, channels last.
 * https://www.tensorflow.org/mlir/tfl_ops
 */
import { fromHalf } from '../../../compiler/weights/dtypes.ts';
import { gelu, logistic, relu6 } from './pointwise.ts';
import type { Table } from './reader.ts';

export interface Tensor {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

export type Kernel = (inputs: readonly Tensor[], options: Table) => Tensor | readonly Tensor[];

/** By code: the name, the number of the table of options (0: none), and what is computed. */
export interface Operator {
  readonly name: string;
  readonly optionsType: number;
  readonly run: Kernel;
}

const at = (list: ArrayLike<number>, i: number): number => list[i] as number;
const size = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1);

type Shape4 = readonly [number, number, number, number];

/** ActivationFunctionType. */
function activated(code: number, value: number): number {
  if (code === 0) return value;
  if (code === 1) return Math.max(0, value);
  if (code === 3) return Math.min(6, Math.max(0, value));
  throw new Error(`activation ${code} is not known here`);
}

/** How many places a window takes on an axis, and where the first one starts. */
function places(input: number, window: number, stride: number, dilation: number, padding: number) {
  const extent = (window - 1) * dilation + 1;
  if (padding === 1) return { count: Math.floor((input - extent) / stride) + 1, start: 0 };
  const count = Math.ceil(input / stride);
  const total = Math.max(0, (count - 1) * stride + extent - input);
  return { count, start: -Math.floor(total / 2) };
}

interface Sliding {
  readonly window: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly padding: number;
}

/** `dilationW`: the field where the dilations begin, of operators that have any. */
function slidingOf(window: Sliding['window'], options: Table, dilationW?: number): Sliding {
  const dilation = (field: number) => (dilationW === undefined ? 1 : options.int32(field, 1));
  return {
    window,
    stride: [options.int32(2), options.int32(1)],
    dilation: [dilation((dilationW ?? 0) + 1), dilation(dilationW ?? 0)],
    padding: options.int8(0),
  };
}

/** For each place of a window the taps that lie in the image: its number, and where its pixel is in the image. */
function slide(
  shape: Shape4,
  { window, stride, dilation, padding }: Sliding,
  visit: (place: number, taps: readonly (readonly [tap: number, pixel: number])[]) => void,
): readonly [number, number] {
  const [batch, height, width] = shape;
  const rows = places(height, window[0], stride[0], dilation[0], padding);
  const columns = places(width, window[1], stride[1], dilation[1], padding);
  let place = 0;
  for (let n = 0; n < batch; n++) {
    for (let row = 0; row < rows.count; row++) {
      for (let column = 0; column < columns.count; column++) {
        const taps: (readonly [number, number])[] = [];
        for (let i = 0; i < window[0]; i++) {
          const y = rows.start + row * stride[0] + i * dilation[0];
          for (let j = 0; j < window[1]; j++) {
            const x = columns.start + column * stride[1] + j * dilation[1];
            const isInside = y >= 0 && y < height && x >= 0 && x < width;
            if (isInside) taps.push([i * window[1] + j, (n * height + y) * width + x]);
          }
        }
        visit(place++, taps);
      }
    }
  }
  return [rows.count, columns.count];
}

function conv2d([image, kernel, bias]: readonly Tensor[], options: Table): Tensor {
  const [x, k, b] = [image as Tensor, kernel as Tensor, bias as Tensor];
  const [outputs, kh, kw, inGroup] = k.shape as Shape4;
  const channels = x.shape[3] as number;
  const each = outputs / (channels / inGroup);
  const values: number[] = [];
  const sliding = slidingOf([kh, kw], options, 4);
  const [height, width] = slide(x.shape as Shape4, sliding, (place, taps) => {
    for (let o = 0; o < outputs; o++) {
      const first = Math.floor(o / each) * inGroup;
      let sum = at(b.data, o);
      for (const [tap, pixel] of taps) {
        const from = pixel * channels + first;
        const weights = (o * kh * kw + tap) * inGroup;
        for (let c = 0; c < inGroup; c++) sum += at(x.data, from + c) * at(k.data, weights + c);
      }
      values[place * outputs + o] = activated(options.int8(3), sum);
    }
  });
  return { shape: [x.shape[0] as number, height, width, outputs], data: Float32Array.from(values) };
}

function depthwise([image, kernel, bias]: readonly Tensor[], options: Table): Tensor {
  const [x, k, b] = [image as Tensor, kernel as Tensor, bias as Tensor];
  const [, kh, kw, outputs] = k.shape as Shape4;
  const channels = x.shape[3] as number;
  const multiplier = options.int32(3);
  if (outputs !== channels * multiplier) throw new Error('another depth multiplier');
  const values: number[] = [];
  const sliding = slidingOf([kh, kw], options, 5);
  const [height, width] = slide(x.shape as Shape4, sliding, (place, taps) => {
    for (let o = 0; o < outputs; o++) {
      const channel = Math.floor(o / multiplier);
      let sum = at(b.data, o);
      for (const [tap, pixel] of taps) {
        sum += at(x.data, pixel * channels + channel) * at(k.data, tap * outputs + o);
      }
      values[place * outputs + o] = activated(options.int8(4), sum);
    }
  });
  return { shape: [x.shape[0] as number, height, width, outputs], data: Float32Array.from(values) };
}

function pool(reduce: (values: readonly number[]) => number): Kernel {
  return ([image], options) => {
    const x = image as Tensor;
    const channels = x.shape[3] as number;
    const values: number[] = [];
    const sliding = slidingOf([options.int32(4), options.int32(3)], options);
    const [height, width] = slide(x.shape as Shape4, sliding, (place, taps) => {
      for (let c = 0; c < channels; c++) {
        const seen = taps.map(([, pixel]) => at(x.data, pixel * channels + c));
        values[place * channels + c] = activated(options.int8(5), reduce(seen));
      }
    });
    return {
      shape: [x.shape[0] as number, height, width, channels],
      data: Float32Array.from(values),
    };
  };
}

function fullyConnected([input, kernel, bias]: readonly Tensor[], options: Table): Tensor {
  const [x, k, b] = [input as Tensor, kernel as Tensor, bias as Tensor];
  const [units, rows] = k.shape as readonly [number, number];
  const batch = x.data.length / rows;
  const data = Float32Array.from({ length: batch * units }, (_, i) => {
    const [n, unit] = [Math.floor(i / units), i % units];
    let sum = at(b.data, unit);
    for (let row = 0; row < rows; row++) {
      sum += at(x.data, n * rows + row) * at(k.data, unit * rows + row);
    }
    return activated(options.int8(0), sum);
  });
  return { shape: [batch, units], data };
}

/** Axes of size 1, and those that the shorter shape lacks in front, are repeated. */
function paired(combine: (a: number, b: number) => number): Kernel {
  return ([first, second], options) => {
    const [a, b] = [first as Tensor, second as Tensor];
    const rank = Math.max(a.shape.length, b.shape.length);
    const axis = ({ shape }: Tensor, i: number) => shape[i - rank + shape.length] ?? 1;
    const shape = Array.from({ length: rank }, (_, i) => Math.max(axis(a, i), axis(b, i)));
    const from = (tensor: Tensor, index: number): number => {
      let [place, step, rest] = [0, 1, index];
      for (let i = rank - 1; i >= 0; i--) {
        const coordinate = rest % (shape[i] as number);
        rest = Math.floor(rest / (shape[i] as number));
        if (axis(tensor, i) > 1) place += coordinate * step;
        step *= axis(tensor, i);
      }
      return at(tensor.data, place);
    };
    const data = Float32Array.from({ length: size(shape) }, (_, i) =>
      activated(options.int8(0), combine(from(a, i), from(b, i))),
    );
    return { shape, data };
  };
}

function each(compute: (value: number, options: Table) => number): Kernel {
  return ([input], options) => {
    const { shape, data } = input as Tensor;
    return { shape, data: Float32Array.from(data, (value) => compute(value, options)) };
  };
}

/** What is at each place of the output, by its coordinates in the input; nothing outside of it. */
function gather(
  input: Tensor,
  shape: readonly number[],
  source: (to: readonly number[]) => readonly number[],
  outside = 0,
): Tensor {
  const data = Float32Array.from({ length: size(shape) }, (_, index) => {
    let rest = index;
    const to = shape.map(() => 0);
    for (let i = shape.length - 1; i >= 0; i--) {
      to[i] = rest % (shape[i] as number);
      rest = Math.floor(rest / (shape[i] as number));
    }
    const from = source(to);
    const isInside = from.every((c, i) => c >= 0 && c < (input.shape[i] as number));
    if (!isInside) return outside;
    return at(
      input.data,
      from.reduce((place, c, i) => place * (input.shape[i] as number) + c, 0),
    );
  });
  return { shape, data };
}

const pad: Kernel = ([input, edges, fill]) => {
  const [x, e] = [input as Tensor, edges as Tensor];
  const shape = x.shape.map((d, i) => at(e.data, 2 * i) + d + at(e.data, 2 * i + 1));
  const outside = fill ? at(fill.data, 0) : 0;
  return gather(x, shape, (to) => to.map((c, i) => c - at(e.data, 2 * i)), outside);
};

const concatenation: Kernel = (inputs, options) => {
  const axis = options.int32(0);
  const [first] = inputs as readonly [Tensor];
  const widths = inputs.map(({ shape }) => size(shape.slice(axis)));
  const rows = size(first.shape.slice(0, axis));
  const data: number[] = [];
  for (let row = 0; row < rows; row++) {
    for (const [i, input] of inputs.entries()) {
      const width = widths[i] as number;
      for (let c = 0; c < width; c++) data.push(at(input.data, row * width + c));
    }
  }
  const shape = first.shape.map((d, i) =>
    i === axis ? inputs.reduce((sum, input) => sum + (input.shape[axis] as number), 0) : d,
  );
  return { shape, data };
};

const stridedSlice: Kernel = ([input, begins, ends, steps], options) => {
  const [x, begin, end, step] = [input, begins, ends, steps] as [Tensor, Tensor, Tensor, Tensor];
  const isSet = (mask: number, i: number) => ((mask >> i) & 1) === 1;
  const first = x.shape.map((_, i) => (isSet(options.int32(0), i) ? 0 : at(begin.data, i)));
  const last = x.shape.map((d, i) => (isSet(options.int32(1), i) ? d : at(end.data, i)));
  const shape = first.map((from, i) => Math.ceil(((last[i] as number) - from) / at(step.data, i)));
  return gather(x, shape, (to) => to.map((c, i) => (first[i] as number) + c * at(step.data, i)));
};

const reshape: Kernel = ([input, sizes]) => {
  const [x, wanted] = [input as Tensor, Array.from((sizes as Tensor).data)];
  const known = wanted.reduce((n, d) => (d < 0 ? n : n * d), 1);
  const shape = wanted.map((d) => (d < 0 ? x.data.length / known : d));
  if (size(shape) !== x.data.length) throw new Error(`${x.shape} cannot become ${shape}`);
  return { shape, data: x.data };
};

const transpose: Kernel = ([input, order]) => {
  const [x, axes] = [input as Tensor, Array.from((order as Tensor).data)];
  const shape = axes.map((axis) => x.shape[axis] as number);
  return gather(x, shape, (to) => x.shape.map((_, axis) => to[axes.indexOf(axis)] as number));
};

/** Over height and width, which stay as axes of one. */
const mean: Kernel = ([input, axes], options) => {
  const { shape, data } = input as Tensor;
  if (String((axes as Tensor).data) !== '1,2' || options.int8(0) !== 1) {
    throw new Error('a mean of another kind');
  }
  const [batch, height, width, channels] = shape as Shape4;
  const sums = new Float64Array(batch * channels);
  for (let i = 0; i < data.length; i++) {
    const n = Math.floor(i / (height * width * channels));
    const to = n * channels + (i % channels);
    sums[to] = at(sums, to) + at(data, i) / (height * width);
  }
  return { shape: [batch, 1, 1, channels], data: Float32Array.from(sums) };
};

const op = (name: string, optionsType: number, run: Kernel): Operator => ({
  name,
  optionsType,
  run,
});

/** By BuiltinOperator. */
export const kernels: ReadonlyMap<number, Operator> = new Map([
  [
    0,
    op(
      'ADD',
      11,
      paired((a, b) => a + b),
    ),
  ],
  [
    1,
    op(
      'AVERAGE_POOL_2D',
      5,
      pool((list) => list.reduce((a, b) => a + b, 0) / list.length),
    ),
  ],
  [2, op('CONCATENATION', 10, concatenation)],
  [3, op('CONV_2D', 1, conv2d)],
  [4, op('DEPTHWISE_CONV_2D', 2, depthwise)],
  [6, op('DEQUANTIZE', 38, each(fromHalf))],
  [9, op('FULLY_CONNECTED', 8, fullyConnected)],
  [14, op('LOGISTIC', 0, each(logistic))],
  [
    17,
    op(
      'MAX_POOL_2D',
      5,
      pool((list) => Math.max(...list)),
    ),
  ],
  [
    18,
    op(
      'MUL',
      21,
      paired((a, b) => a * b),
    ),
  ],
  [
    19,
    op(
      'RELU',
      0,
      each((x) => Math.max(0, x)),
    ),
  ],
  [21, op('RELU6', 0, each(relu6))],
  [22, op('RESHAPE', 17, reshape)],
  [28, op('TANH', 0, each(Math.tanh))],
  [34, op('PAD', 22, pad)],
  [39, op('TRANSPOSE', 26, transpose)],
  [40, op('MEAN', 27, mean)],
  [45, op('STRIDED_SLICE', 32, stridedSlice)],
  [
    53,
    op(
      'CAST',
      37,
      each((x) => x),
    ),
  ],
  [57, op('MINIMUM', 39, paired(Math.min))],
  [60, op('PADV2', 43, pad)],
  [
    98,
    op(
      'LEAKY_RELU',
      75,
      each((x, options) => (x < 0 ? x * options.float32(0) : x)),
    ),
  ],
  [
    111,
    op(
      'ELU',
      0,
      each((x) => (x < 0 ? Math.expm1(x) : x)),
    ),
  ],
  [
    117,
    op(
      'HARD_SWISH',
      91,
      each((x) => (x * relu6(x + 3)) / 6),
    ),
  ],
  [
    150,
    op(
      'GELU',
      116,
      each((x, options) => gelu(x, options.int8(0) === 1)),
    ),
  ],
]);
