/**
 * The layers that netlathe's models need and TensorFlow.js lacks. A plain program that loads a saved model does
 *
 *     import * as tf from '@tensorflow/tfjs';
 *     import { registerLayers } from 'netlathe/tfjs-layers';
 *     registerLayers(tf);
 *     const model = await tf.loadLayersModel('model.json');
 *
 * `tf` is passed in, so that this file works with whichever build and backend the program uses. Nothing here needs
 * Node. The layers train as well: each is made of ops that have gradients.
 */

import type * as tfjs from '@tensorflow/tfjs';

export type Tf = typeof tfjs;
type Layer = tfjs.layers.Layer;
type Shape = tfjs.Shape;
type Pair = readonly [height: number, width: number];
type Edges = readonly [top: number, bottom: number, left: number, right: number];
/** What the base class takes; `name` is all that netlathe sets. */
type LayerArgs = { readonly name?: string };

export interface ConvolutionArgs extends LayerArgs {
  readonly filters: number;
  readonly kernelSize: Pair;
  readonly strides: Pair;
  readonly dilationRate: Pair;
  /** Zeros around the image. */
  readonly padding: Edges;
  readonly groups: number;
  readonly useBias: boolean;
}

export interface MaxPoolArgs extends LayerArgs {
  readonly poolSize: Pair;
  readonly strides: Pair;
  readonly padding: Edges;
}

export interface ActivationArgs extends LayerArgs {
  /** The pieces of hardSigmoid meet at -3 and 3, as in PyTorch; those of Keras 2 at -2.5 and 2.5. */
  readonly activation: 'hardSwish' | 'hardSigmoid' | 'geluTanh' | 'elu';
  /** Of `elu`. */
  readonly alpha?: number;
}

export interface ChannelShuffleArgs extends LayerArgs {
  readonly groups: number;
}

export interface ChannelSliceArgs extends LayerArgs {
  readonly begin: number;
  readonly size: number;
}

export interface NetlatheLayers {
  /** Grouped or dilated. tf's own layer has no groups, and its dilated convolution has no gradient. */
  convolution(args: ConvolutionArgs): Layer;
  /** Padded by numbers, with what is smaller than any value: zeros would win over negative values. */
  maxPool(args: MaxPoolArgs): Layer;
  activation(args: ActivationArgs): Layer;
  channelShuffle(args: ChannelShuffleArgs): Layer;
  channelSlice(args: ChannelSliceArgs): Layer;
}

const registered = new WeakMap<object, NetlatheLayers>();

/** Makes the layers known to `tf`, once. */
export function registerLayers(tf: Tf): NetlatheLayers {
  const known = registered.get(tf.layers.Layer);
  if (known) return known;
  const Convolution = convolutionClass(tf);
  const MaxPool = maxPoolClass(tf);
  const Activation = activationClass(tf);
  const ChannelShuffle = channelShuffleClass(tf);
  const ChannelSlice = channelSliceClass(tf);
  for (const made of [Convolution, MaxPool, Activation, ChannelShuffle, ChannelSlice]) {
    tf.serialization.registerClass<Layer>(made);
  }
  const layers: NetlatheLayers = {
    convolution: (args) => new Convolution(args),
    maxPool: (args) => new MaxPool(args),
    activation: (args) => new Activation(args),
    channelShuffle: (args) => new ChannelShuffle(args),
    channelSlice: (args) => new ChannelSlice(args),
  };
  registered.set(tf.layers.Layer, layers);
  return layers;
}

/** What the layers share: one image in, one image out, and a config that is what the constructor took. */
function imageLayerClass(tf: Tf) {
  abstract class ImageLayer<Args extends LayerArgs> extends tf.layers.Layer {
    protected readonly args: Args;

    constructor(args: Args) {
      super(args);
      this.args = args;
    }

    protected abstract sizeAfter(height: number, width: number, channels: number): Shape;
    protected abstract compute(x: tfjs.Tensor4D): tfjs.Tensor;

    override computeOutputShape(inputShape: Shape | Shape[]): Shape {
      const [batch, height, width, channels] = imageShape(inputShape);
      return [batch ?? null, ...this.sizeAfter(height, width, channels)];
    }

    override call(inputs: tfjs.Tensor | tfjs.Tensor[]): tfjs.Tensor {
      const x = (Array.isArray(inputs) ? inputs[0] : inputs) as tfjs.Tensor4D;
      return tf.tidy(() => this.compute(x));
    }

    override getConfig(): tfjs.serialization.ConfigDict {
      // The base class last: what it says of `trainable` may have changed since.
      return { ...(this.args as tfjs.serialization.ConfigDict), ...super.getConfig() };
    }
  }
  return ImageLayer;
}

function imageShape(shapes: Shape | Shape[]): [number | null, number, number, number] {
  const shape = (Array.isArray(shapes[0]) ? shapes[0] : shapes) as Shape;
  const [batch, height, width, channels] = shape;
  if (shape.length !== 4 || !height || !width || !channels) {
    throw new Error(`expected [batch, height, width, channels], got [${shape.join(', ')}]`);
  }
  return [batch ?? null, height, width, channels];
}

/** Places that a window can take along an axis. */
function places(size: number, window: number, stride: number): number {
  return Math.floor((size - window) / stride) + 1;
}

function pad(tf: Tf, x: tfjs.Tensor4D, edges: Edges, value: number): tfjs.Tensor4D {
  const [top, bottom, left, right] = edges;
  if (top + bottom + left + right === 0) return x;
  return tf.pad(
    x,
    [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ],
    value,
  );
}

function convolutionClass(tf: Tf) {
  return class NetlatheConvolution extends imageLayerClass(tf)<ConvolutionArgs> {
    static readonly className = 'NetlatheConvolution';
    protected kernel: tfjs.LayerVariable | undefined;
    protected bias: tfjs.LayerVariable | undefined;

    override build(inputShape: Shape | Shape[]): void {
      const [, , , channels] = imageShape(inputShape);
      const { kernelSize, groups, filters, useBias } = this.args;
      const shape = [...kernelSize, channels / groups, filters];
      const zeros = tf.initializers.zeros();
      this.kernel = this.addWeight('kernel', shape, 'float32', zeros);
      if (useBias) this.bias = this.addWeight('bias', [filters], 'float32', zeros);
      super.build(inputShape);
    }

    protected override sizeAfter(height: number, width: number): Shape {
      const { kernelSize, strides, dilationRate, padding, filters } = this.args;
      const [top, bottom, left, right] = padding;
      const extent = (axis: 0 | 1) => (kernelSize[axis] - 1) * dilationRate[axis] + 1;
      return [
        places(height + top + bottom, extent(0), strides[0]),
        places(width + left + right, extent(1), strides[1]),
        filters,
      ];
    }

    protected override compute(x: tfjs.Tensor4D): tfjs.Tensor {
      const { strides, dilationRate, padding, groups } = this.args;
      if (!this.kernel) throw new Error(`${this.name} is used before it is built`);
      const kernel = dilate(tf, this.kernel.read() as tfjs.Tensor4D, dilationRate);
      const y = convolve(tf, pad(tf, x, padding, 0), kernel, [strides[0], strides[1]], groups);
      return this.bias ? tf.add(y, this.bias.read()) : y;
    }
  };
}

function convolve(
  tf: Tf,
  x: tfjs.Tensor4D,
  kernel: tfjs.Tensor4D,
  strides: [number, number],
  groups: number,
): tfjs.Tensor4D {
  if (groups === 1) return tf.conv2d(x, kernel, strides, 'valid');
  const [height, width, perGroup, filters] = kernel.shape;
  if (perGroup === 1) {
    // The filters of a channel are adjacent, so that the same bytes are the layout of a depthwise kernel.
    const depthwise = tf.reshape<tfjs.Rank.R4>(kernel, [height, width, groups, filters / groups]);
    return tf.depthwiseConv2d(x, depthwise, strides, 'valid');
  }
  const inputs = tf.split(x, groups, 3);
  const kernels = tf.split(kernel, groups, 3);
  const outputs = inputs.map((part, g) =>
    tf.conv2d(part as tfjs.Tensor4D, kernels[g] as tfjs.Tensor4D, strides, 'valid'),
  );
  return tf.concat(outputs, 3);
}

/** Puts zeros between the taps. An ordinary convolution with that kernel is the dilated one, and has a gradient. */
function dilate(tf: Tf, kernel: tfjs.Tensor4D, rate: Pair): tfjs.Tensor4D {
  if (rate[0] === 1 && rate[1] === 1) return kernel;
  const [height, width, inputs, filters] = kernel.shape;
  const rows = spread(tf, kernel, 1, height, width * inputs * filters, rate[0]);
  const tall = (height - 1) * rate[0] + 1;
  const all = spread(tf, rows, tall, width, inputs * filters, rate[1]);
  return tf.reshape(all, [tall, (width - 1) * rate[1] + 1, inputs, filters]);
}

/** Seen as [outer, size, inner]: `rate - 1` zeros between neighbours on the middle axis. */
function spread(
  tf: Tf,
  x: tfjs.Tensor,
  outer: number,
  size: number,
  inner: number,
  rate: number,
): tfjs.Tensor {
  const apart = tf.pad(tf.reshape(x, [outer * size, 1, inner]), [
    [0, 0],
    [0, rate - 1],
    [0, 0],
  ]);
  const long = tf.reshape(apart, [outer, size * rate, inner]);
  return tf.slice(long, [0, 0, 0], [outer, (size - 1) * rate + 1, inner]);
}

/** Finite, because some backends cannot hold an infinity as a constant. */
const lowest = -3.4028234663852886e38;

function maxPoolClass(tf: Tf) {
  return class NetlatheMaxPool extends imageLayerClass(tf)<MaxPoolArgs> {
    static readonly className = 'NetlatheMaxPool';

    protected override sizeAfter(height: number, width: number, channels: number): Shape {
      const { poolSize, strides, padding } = this.args;
      const [top, bottom, left, right] = padding;
      return [
        places(height + top + bottom, poolSize[0], strides[0]),
        places(width + left + right, poolSize[1], strides[1]),
        channels,
      ];
    }

    protected override compute(x: tfjs.Tensor4D): tfjs.Tensor {
      const { poolSize, strides, padding } = this.args;
      const padded = pad(tf, x, padding, lowest);
      return tf.maxPool(padded, [poolSize[0], poolSize[1]], [strides[0], strides[1]], 'valid');
    }
  };
}

function activationClass(tf: Tf) {
  return class NetlatheActivation extends imageLayerClass(tf)<ActivationArgs> {
    static readonly className = 'NetlatheActivation';

    protected override sizeAfter(height: number, width: number, channels: number): Shape {
      return [height, width, channels];
    }

    protected override compute(x: tfjs.Tensor4D): tfjs.Tensor {
      switch (this.args.activation) {
        case 'hardSwish':
          return tf.div(tf.mul(x, tf.relu6(tf.add(x, 3))), 6);
        case 'hardSigmoid':
          return tf.div(tf.relu6(tf.add(x, 3)), 6);
        case 'geluTanh': {
          // x * x * x rather than pow, which some backends compute through logarithms.
          const cube = tf.mul(tf.mul(x, x), x);
          const inner = tf.mul(Math.sqrt(2 / Math.PI), tf.add(x, tf.mul(0.044715, cube)));
          return tf.mul(tf.mul(0.5, x), tf.add(1, tf.tanh(inner)));
        }
        case 'elu': {
          const below = tf.mul(this.args.alpha ?? 1, tf.expm1(tf.minimum(x, 0)));
          return tf.add(tf.relu(x), below);
        }
      }
    }
  };
}

function channelShuffleClass(tf: Tf) {
  return class NetlatheChannelShuffle extends imageLayerClass(tf)<ChannelShuffleArgs> {
    static readonly className = 'NetlatheChannelShuffle';

    protected override sizeAfter(height: number, width: number, channels: number): Shape {
      return [height, width, channels];
    }

    protected override compute(x: tfjs.Tensor4D): tfjs.Tensor {
      const { groups } = this.args;
      const [batch, height, width, channels] = x.shape;
      // Pixels in one axis: not every backend transposes five.
      const parted = tf.reshape(x, [batch * height * width, groups, channels / groups]);
      return tf.reshape(tf.transpose(parted, [0, 2, 1]), x.shape);
    }
  };
}

function channelSliceClass(tf: Tf) {
  return class NetlatheChannelSlice extends imageLayerClass(tf)<ChannelSliceArgs> {
    static readonly className = 'NetlatheChannelSlice';

    protected override sizeAfter(height: number, width: number): Shape {
      return [height, width, this.args.size];
    }

    protected override compute(x: tfjs.Tensor4D): tfjs.Tensor {
      const { begin, size } = this.args;
      return tf.slice(x, [0, 0, 0, begin], [-1, -1, -1, size]);
    }
  };
}
