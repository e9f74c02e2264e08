/** Made from the schema by `npm run generate`. Do not edit. */

/**
 * Subtracted from each channel, of values in 0..1.
 *
 * @minItems 1
 * @maxItems 4
 */
export type ChannelValues = number[];
/**
 * Divides each channel, after the mean is subtracted.
 *
 * @minItems 1
 * @maxItems 4
 */
export type ChannelValues1 = number[];
export type Layer = string | Op | Call | Group;
export type Op =
  | Conv2D
  | Dense
  | BatchNorm
  | Relu
  | Relu6
  | HardSwish
  | HardSigmoid
  | Silu
  | Gelu
  | Sigmoid
  | Tanh
  | Elu
  | LeakyRelu
  | MaxPool2D
  | AvgPool2D
  | GlobalAvgPool
  | Dropout
  | Flatten
  | Add
  | Concat
  | Multiply
  | Split
  | ChannelShuffle
  | ZeroPad;
/**
 * Integer arithmetic over names: `bandwidth[2] * 6`, `in / 4`, `classes`. Comparisons (`==` `!=` `<` `<=` `>` `>=`, `and`, `or`) give 1 or 0. Known names: bandwidth, classes, base (in bandwidth), the constants of the file, the parameters of the block, loop variables, `in` (channels that reach this layer) and `entry.in` (channels that enter the block). A division must come out even.
 */
export type Expression = string;
/**
 * Layers, from input to output.
 *
 * @maxItems 1000
 */
export type Layers = Layer[];
/**
 * The list of widths that layers refer to, plain or as base x multipliers.
 */
export type Bandwidth =
  | (number | Expression)[]
  | {
      /**
       * Multiplies each entry.
       */
      base: number | Expression;
      /**
       * The entries, in units of base.
       *
       * @minItems 1
       * @maxItems 256
       */
      multipliers: (number | Expression)[];
    };
export type Block = Layers | ParameterizedBlock;

/**
 * A small image classifier that fits a budget.
 */
export interface Spec {
  /**
   * For editors; netlathe does not read it.
   */
  $schema?: string;
  /**
   * Version of the language.
   */
  version?: 1;
  /**
   * What the network is called, in messages and in what is emitted.
   */
  name?: string;
  /**
   * For readers: where the network comes from.
   */
  description?: string;
  input?: Input;
  /**
   * The number of classes, or their labels in the order of the outputs.
   */
  classes?: number | string[];
  constants?: Constants;
  bandwidth?: Bandwidth;
  defaults?: Defaults;
  budget?: Budget;
  blocks?: Blocks;
  layers?: Layers;
  train?: Recipe;
  /**
   * Another architecture that this file changes: maps merge, the rest is replaced, null removes.
   */
  extends?: string;
  /**
   * The same network built in other ways: `file.yaml#name`.
   */
  variants?: {
    /**
     * Changes to this file, as `extends` would apply them.
     */
    [k: string]:
      | {
          /**
           * For editors; netlathe does not read it.
           */
          $schema?: string;
          /**
           * Version of the language.
           */
          version?: 1;
          /**
           * What the network is called, in messages and in what is emitted.
           */
          name?: string;
          /**
           * For readers: where the network comes from.
           */
          description?: string;
          input?: Input;
          /**
           * The number of classes, or their labels in the order of the outputs.
           */
          classes?: number | string[];
          constants?: Constants;
          bandwidth?: Bandwidth;
          defaults?: Defaults;
          budget?: Budget;
          blocks?: Blocks;
          layers?: Layers;
          train?: Recipe;
        }
      | undefined;
  };
}
/**
 * The image that enters, and how a photo becomes it.
 */
export interface Input {
  /**
   * Rows of the image.
   */
  height: number;
  /**
   * Columns of the image.
   */
  width: number;
  /**
   * Colours: 3, or 1 for grey.
   */
  channels?: number;
  /**
   * How a photo of another shape becomes the input: `cover` fills it and crops the centre, `fit` shows all and pads with grey, `stretch` distorts.
   */
  resize?: 'stretch' | 'cover' | 'fit';
  mean?: ChannelValues;
  std?: ChannelValues1;
}
/**
 * Values by name, known in the whole file: a number, a list of numbers, an op or block, or layers. What `extends` and `variants` most often change.
 */
export interface Constants {
  [k: string]: number | string | Layers | number[] | undefined;
}
/**
 * Two-dimensional convolution; grouped, depthwise, strided or dilated on request.
 */
export interface Conv2D {
  /**
   * Two-dimensional convolution; grouped, depthwise, strided or dilated on request.
   */
  op: 'conv2d';
  /**
   * Names the layer, for `from` and for its weights. Default: its op and a number.
   */
  name?: string;
  /**
   * What enters, by name, instead of the layer above: `entry` is what entered the block, `previous` the layer above, `image` the input. A list for an op that joins.
   */
  from?: string | string[];
  /**
   * How often the layer stands here, one behind the other.
   */
  repeat?: number | Expression;
  for?: Loop;
  /**
   * The layer stands here only if this is not 0; otherwise what enters passes by. In a loop it is asked each time.
   */
  when?: number | Expression;
  /**
   * Number of output channels. Default: the channels that enter.
   */
  filters?: number | Expression;
  /**
   * Kernel size: one number, or [height, width].
   */
  kernel?: number | Expression | (number | Expression)[];
  /**
   * Step of the kernel.
   */
  stride?: number | Expression | (number | Expression)[];
  /**
   * Distance between the taps of the kernel.
   */
  dilation?: number | Expression | (number | Expression)[];
  /**
   * Zeros around the image: a number for each side (as in PyTorch), `same` (as in Keras: the output is the input divided by the stride, rounded up) or `valid` (none).
   */
  padding?: number | Expression | (number | Expression)[] | ('same' | 'valid');
  /**
   * Number of groups that do not see each other, or `depthwise`: one a channel.
   */
  groups?: number | Expression | 'depthwise';
  /**
   * Adds a bias to each filter.
   */
  bias?: boolean;
  /**
   * How the kernel starts. `pytorch` is what torch.nn.Conv2d does, bias included.
   */
  initializer?:
    | 'pytorch'
    | 'kaimingUniform'
    | 'kaimingNormal'
    | 'kaimingNormalFanOut'
    | 'xavierUniform'
    | 'xavierNormal'
    | 'heUniform'
    | 'heNormal'
    | 'glorotUniform'
    | 'glorotNormal'
    | 'lecunUniform'
    | 'lecunNormal'
    | 'truncatedNormal'
    | 'dirac'
    | 'zeros'
    | 'ones';
}
/**
 * Repeats the layer with variables: lists of equal length run side by side, `4..7` is a range, `bandwidth` or `bandwidth[4..]` the entries of a list, and `columns` with `rows` is a table. Arguments of a block call that are left out take the variable of their name.
 */
export interface Loop {
  /**
   * The variables of a table.
   *
   * @minItems 1
   * @maxItems 16
   */
  columns?: string[];
  /**
   * Their values, a row each time.
   *
   * @minItems 1
   * @maxItems 200
   */
  rows?: (number | string | Layers)[][];
  [k: string]:
    string | (number | string | Layers)[] | string[] | (number | string | Layers)[][] | undefined;
}
/**
 * Fully connected layer; takes a vector.
 */
export interface Dense {
  /**
   * Fully connected layer; takes a vector.
   */
  op: 'dense';
  /**
   * Names the layer, for `from` and for its weights. Default: its op and a number.
   */
  name?: string;
  /**
   * What enters, by name, instead of the layer above: `entry` is what entered the block, `previous` the layer above, `image` the input. A list for an op that joins.
   */
  from?: string | string[];
  /**
   * How often the layer stands here, one behind the other.
   */
  repeat?: number | Expression;
  for?: Loop;
  /**
   * The layer stands here only if this is not 0; otherwise what enters passes by. In a loop it is asked each time.
   */
  when?: number | Expression;
  /**
   * Number of outputs.
   */
  units: number | Expression;
  /**
   * Adds a bias to each output.
   */
  bias?: boolean;
  /**
   * How the weights start. `pytorch` is what torch.nn.Linear does, bias included.
   */
  initializer?:
    | 'pytorch'
    | 'kaimingUniform'
    | 'kaimingNormal'
    | 'kaimingNormalFanOut'
    | 'xavierUniform'
    | 'xavierNormal'
    | 'heUniform'
    | 'heNormal'
    | 'glorotUniform'
    | 'glorotNormal'
    | 'lecunUniform'
    | 'lecunNormal'
    | 'truncatedNormal'
    | 'dirac'
    | 'zeros'
    | 'ones';
}
/**
 * Batch normalisation of each channel.
 */
export interface BatchNorm {
  /**
   * Batch normalisation of each channel.
   */
  op: 'batchNorm';
  /**
   * Names the layer, for `from` and for its weights. Default: its op and a number.
   */
  name?: string;
  /**
   * What enters, by name, instead of the layer above: `entry` is what entered the block, `previous` the layer above, `image` the input. A list for an op that joins.
   */
  from?: string | string[];
  /**
   * How often the layer stands here, one behind the other.
   */
  repeat?: number | Expression;
  for?: Loop;
  /**
   * The layer stands here only if this is not 0; otherwise what enters passes by. In a loop it is asked each time.
   */
  when?: number | Expression;
  /**
   * Added to the variance.
   */
  epsilon?: number;
  /**
   * Weight of the new batch in the running statistics, as in PyTorch.
   */
  momentum?: number;
  /**
   * Learns a scale (gamma) and a shift (beta) for each channel.
   */
  affine?: boolean;
  /**
   * `zeros` on the last norm of a residual branch starts the block as the identity.
   */
  gammaInitializer?: 'ones' | 'zeros';
}
/**
 * max(x, 0).
 */
export interface Relu {
  /**
   * max(x, 0).
   */
  op: 'relu';
  /**
   * Names the layer, for `from` and for its weights. Default: its op and a number.
   */
  name?: string;
  /**
   * What enters, by name, instead of the layer above: `entry` is what entered the block, `previous` the layer above, `image` the input. A list for an op that joins.
   */
  from?: string | string[];
  /**
   * How often the layer stands here, one behind the other.
   */
  repeat?: number | Expression;
  for?: Loop;
  /**
   * The layer stands here only if this is not 0; otherwise what enters passes by. In a loop it is asked each time.
   */
  when?: number | Expression;
}
/**
 * min(max(x, 0), 6).
 */
export interface Relu6 {
  /**
   * min(max(x, 0), 6).
   */
  op: 'relu6';
  /**
   * Names the layer, for `from` and for its weights. Default: its op and a number.
   */
  name?: string;
  /**
   * What enters, by name, instead of the layer above: `entry` is what entered the block, `previous` the layer above, `image` the input. A list for an op that joins.
   */
  from?: string | string[];
  /**
   * How often the layer stands here, one behind the other.
   */
  repeat?: number | Expression;
  for?: Loop;
  /**
   * The layer stands here only if this is not 0; otherwise what enters passes by. In a loop it is asked each time.
   */
  when?: number | Expression;
}
/**
 * x * relu6(x + 3) / 6 (MobileNetV3, 2019).
 */
export interface HardSwish {
  /**
   * x * relu6(x + 3) / 6 (MobileNetV3, 2019).
   */
  op: 'hardSwish';
  /**
   * Names the layer, for `from` and for its weights. Default: its op and a number.
   */
  name?: string;
  /**
   * What enters, by name, instead of the layer above: `entry` is what entered the block, `previous` the layer above, `image` the input. A list for an op that joins.
   */
  from?: string | string[];
  /**
   * How often the layer stands here, one behind the other.
   */
  repeat?: number | Expression;
  for?: Loop;
  /**
   * The layer stands here only if this is not 0; otherwise what enters passes by. In a loop it is asked each time.
   */
  when?: number | Expression;
}
/**
 * relu6(x + 3) / 6.
 */
export interface HardSigmoid {
  /**
   * relu6(x + 3) / 6.
   */
  op: 'hardSigmoid';
  /**
   * Names the layer, for `from` and for its weights. Default: its op and a number.
   */
  name?: string;
  /**
   * What enters, by name, instead of the layer above: `entry` is what entered the block, `previous` the layer above, `image` the input. A list for an op that joins.
   */
  from?: string | string[];
  /**
   * How often the layer stands here, one behind the other.
   */
  repeat?: number | Expression;
  for?: Loop;
  /**
   * The layer stands here only if this is not 0; otherwise what enters passes by. In a loop it is asked each time.
   */
  when?: number | Expression;
}
/**
 * x * sigmoid(x), also called swish.
 */
export interface Silu {
  /**
   * x * sigmoid(x), also called swish.
   */
  op: 'silu';
  /**
   * Names the layer, for `from` and for its weights. Default: its op and a number.
   */
  name?: string;
  /**
   * What enters, by name, instead of the layer above: `entry` is what entered the block, `previous` the layer above, `image` the input. A list for an op that joins.
   */
  from?: string | string[];
  /**
   * How often the layer stands here, one behind the other.
   */
  repeat?: number | Expression;
  for?: Loop;
  /**
   * The layer stands here only if this is not 0; otherwise what enters passes by. In a loop it is asked each time.
   */
  when?: number | Expression;
}
/**
 * x * normal CDF of x (Hendrycks and Gimpel 2016).
 */
export interface Gelu {
  /**
   * x * normal CDF of x (Hendrycks and Gimpel 2016).
   */
  op: 'gelu';
  /**
   * Names the layer, for `from` and for its weights. Default: its op and a number.
   */
  name?: string;
  /**
   * What enters, by name, instead of the layer above: `entry` is what entered the block, `previous` the layer above, `image` the input. A list for an op that joins.
   */
  from?: string | string[];
  /**
   * How often the layer stands here, one behind the other.
   */
  repeat?: number | Expression;
  for?: Loop;
  /**
   * The layer stands here only if this is not 0; otherwise what enters passes by. In a loop it is asked each time.
   */
  when?: number | Expression;
  /**
   * `none` uses erf; `tanh` is the older approximation.
   */
  approximate?: 'none' | 'tanh';
}
/**
 * 1 / (1 + exp(-x)).
 */
export interface Sigmoid {
  /**
   * 1 / (1 + exp(-x)).
   */
  op: 'sigmoid';
  /**
   * Names the layer, for `from` and for its weights. Default: its op and a number.
   */
  name?: string;
  /**
   * What enters, by name, instead of the layer above: `entry` is what entered the block, `previous` the layer above, `image` the input. A list for an op that joins.
   */
  from?: string | string[];
  /**
   * How often the layer stands here, one behind the other.
   */
  repeat?: number | Expression;
  for?: Loop;
  /**
   * The layer stands here only if this is not 0; otherwise what enters passes by. In a loop it is asked each time.
   */
  when?: number | Expression;
}
/**
 * Hyperbolic tangent.
 */
export interface Tanh {
  /**
   * Hyperbolic tangent.
   */
  op: 'tanh';
  /**
   * Names the layer, for `from` and for its weights. Default: its op and a number.
   */
  name?: string;
  /**
   * What enters, by name, instead of the layer above: `entry` is what entered the block, `previous` the layer above, `image` the input. A list for an op that joins.
   */
  from?: string | string[];
  /**
   * How often the layer stands here, one behind the other.
   */
  repeat?: number | Expression;
  for?: Loop;
  /**
   * The layer stands here only if this is not 0; otherwise what enters passes by. In a loop it is asked each time.
   */
  when?: number | Expression;
}
/**
 * x above 0, alpha * (exp(x) - 1) below.
 */
export interface Elu {
  /**
   * x above 0, alpha * (exp(x) - 1) below.
   */
  op: 'elu';
  /**
   * Names the layer, for `from` and for its weights. Default: its op and a number.
   */
  name?: string;
  /**
   * What enters, by name, instead of the layer above: `entry` is what entered the block, `previous` the layer above, `image` the input. A list for an op that joins.
   */
  from?: string | string[];
  /**
   * How often the layer stands here, one behind the other.
   */
  repeat?: number | Expression;
  for?: Loop;
  /**
   * The layer stands here only if this is not 0; otherwise what enters passes by. In a loop it is asked each time.
   */
  when?: number | Expression;
  /**
   * The limit for large negative x is -alpha.
   */
  alpha?: number;
}
/**
 * x above 0, slope * x below.
 */
export interface LeakyRelu {
  /**
   * x above 0, slope * x below.
   */
  op: 'leakyRelu';
  /**
   * Names the layer, for `from` and for its weights. Default: its op and a number.
   */
  name?: string;
  /**
   * What enters, by name, instead of the layer above: `entry` is what entered the block, `previous` the layer above, `image` the input. A list for an op that joins.
   */
  from?: string | string[];
  /**
   * How often the layer stands here, one behind the other.
   */
  repeat?: number | Expression;
  for?: Loop;
  /**
   * The layer stands here only if this is not 0; otherwise what enters passes by. In a loop it is asked each time.
   */
  when?: number | Expression;
  /**
   * Slope below 0.
   */
  slope?: number;
}
/**
 * Maximum of each window.
 */
export interface MaxPool2D {
  /**
   * Maximum of each window.
   */
  op: 'maxPool2d';
  /**
   * Names the layer, for `from` and for its weights. Default: its op and a number.
   */
  name?: string;
  /**
   * What enters, by name, instead of the layer above: `entry` is what entered the block, `previous` the layer above, `image` the input. A list for an op that joins.
   */
  from?: string | string[];
  /**
   * How often the layer stands here, one behind the other.
   */
  repeat?: number | Expression;
  for?: Loop;
  /**
   * The layer stands here only if this is not 0; otherwise what enters passes by. In a loop it is asked each time.
   */
  when?: number | Expression;
  /**
   * Window: one number, or [height, width].
   */
  size?: number | Expression | (number | Expression)[];
  /**
   * Step of the window. Default: the window.
   */
  stride?: number | Expression | (number | Expression)[];
  /**
   * Padding: a number for each side, `same` or `valid`.
   */
  padding?: number | Expression | (number | Expression)[] | ('same' | 'valid');
}
/**
 * Mean of each window. Numeric padding counts as zeros (PyTorch), `same` does not (Keras).
 */
export interface AvgPool2D {
  /**
   * Mean of each window. Numeric padding counts as zeros (PyTorch), `same` does not (Keras).
   */
  op: 'avgPool2d';
  /**
   * Names the layer, for `from` and for its weights. Default: its op and a number.
   */
  name?: string;
  /**
   * What enters, by name, instead of the layer above: `entry` is what entered the block, `previous` the layer above, `image` the input. A list for an op that joins.
   */
  from?: string | string[];
  /**
   * How often the layer stands here, one behind the other.
   */
  repeat?: number | Expression;
  for?: Loop;
  /**
   * The layer stands here only if this is not 0; otherwise what enters passes by. In a loop it is asked each time.
   */
  when?: number | Expression;
  /**
   * Window: one number, or [height, width].
   */
  size?: number | Expression | (number | Expression)[];
  /**
   * Step of the window. Default: the window.
   */
  stride?: number | Expression | (number | Expression)[];
  /**
   * Padding: a number for each side, `same` or `valid`.
   */
  padding?: number | Expression | (number | Expression)[] | ('same' | 'valid');
}
/**
 * Mean of each channel over the whole image; gives a vector.
 */
export interface GlobalAvgPool {
  /**
   * Mean of each channel over the whole image; gives a vector.
   */
  op: 'globalAvgPool';
  /**
   * Names the layer, for `from` and for its weights. Default: its op and a number.
   */
  name?: string;
  /**
   * What enters, by name, instead of the layer above: `entry` is what entered the block, `previous` the layer above, `image` the input. A list for an op that joins.
   */
  from?: string | string[];
  /**
   * How often the layer stands here, one behind the other.
   */
  repeat?: number | Expression;
  for?: Loop;
  /**
   * The layer stands here only if this is not 0; otherwise what enters passes by. In a loop it is asked each time.
   */
  when?: number | Expression;
}
/**
 * Zeroes a share of the values in training and scales the rest; nothing in inference.
 */
export interface Dropout {
  /**
   * Zeroes a share of the values in training and scales the rest; nothing in inference.
   */
  op: 'dropout';
  /**
   * Names the layer, for `from` and for its weights. Default: its op and a number.
   */
  name?: string;
  /**
   * What enters, by name, instead of the layer above: `entry` is what entered the block, `previous` the layer above, `image` the input. A list for an op that joins.
   */
  from?: string | string[];
  /**
   * How often the layer stands here, one behind the other.
   */
  repeat?: number | Expression;
  for?: Loop;
  /**
   * The layer stands here only if this is not 0; otherwise what enters passes by. In a loop it is asked each time.
   */
  when?: number | Expression;
  /**
   * Share of the values that become 0.
   */
  rate?: number;
}
/**
 * The image as one vector, row by row, channels last.
 */
export interface Flatten {
  /**
   * The image as one vector, row by row, channels last.
   */
  op: 'flatten';
  /**
   * Names the layer, for `from` and for its weights. Default: its op and a number.
   */
  name?: string;
  /**
   * What enters, by name, instead of the layer above: `entry` is what entered the block, `previous` the layer above, `image` the input. A list for an op that joins.
   */
  from?: string | string[];
  /**
   * How often the layer stands here, one behind the other.
   */
  repeat?: number | Expression;
  for?: Loop;
  /**
   * The layer stands here only if this is not 0; otherwise what enters passes by. In a loop it is asked each time.
   */
  when?: number | Expression;
}
/**
 * Sum of its branches: the residual connection.
 */
export interface Add {
  /**
   * Sum of its branches: the residual connection.
   */
  op: 'add';
  /**
   * Names the layer, for `from` and for its weights. Default: its op and a number.
   */
  name?: string;
  /**
   * What enters, by name, instead of the layer above: `entry` is what entered the block, `previous` the layer above, `image` the input. A list for an op that joins.
   */
  from?: string | string[];
  /**
   * How often the layer stands here, one behind the other.
   */
  repeat?: number | Expression;
  for?: Loop;
  /**
   * The layer stands here only if this is not 0; otherwise what enters passes by. In a loop it is asked each time.
   */
  when?: number | Expression;
  /**
   * The stacks to join. What enters goes into each; an empty one is the identity.
   *
   * @minItems 2
   * @maxItems 64
   */
  branches?: Layers[];
  /**
   * Cuts the channels that enter into equal parts, one for each branch.
   */
  split?: number | Expression;
}
/**
 * The channels of its branches, one behind the other.
 */
export interface Concat {
  /**
   * The channels of its branches, one behind the other.
   */
  op: 'concat';
  /**
   * Names the layer, for `from` and for its weights. Default: its op and a number.
   */
  name?: string;
  /**
   * What enters, by name, instead of the layer above: `entry` is what entered the block, `previous` the layer above, `image` the input. A list for an op that joins.
   */
  from?: string | string[];
  /**
   * How often the layer stands here, one behind the other.
   */
  repeat?: number | Expression;
  for?: Loop;
  /**
   * The layer stands here only if this is not 0; otherwise what enters passes by. In a loop it is asked each time.
   */
  when?: number | Expression;
  /**
   * The stacks to join. What enters goes into each; an empty one is the identity.
   *
   * @minItems 2
   * @maxItems 64
   */
  branches?: Layers[];
  /**
   * Cuts the channels that enter into equal parts, one for each branch.
   */
  split?: number | Expression;
}
/**
 * Product of its branches; a 1 x 1 branch scales the channels (squeeze-and-excite).
 */
export interface Multiply {
  /**
   * Product of its branches; a 1 x 1 branch scales the channels (squeeze-and-excite).
   */
  op: 'multiply';
  /**
   * Names the layer, for `from` and for its weights. Default: its op and a number.
   */
  name?: string;
  /**
   * What enters, by name, instead of the layer above: `entry` is what entered the block, `previous` the layer above, `image` the input. A list for an op that joins.
   */
  from?: string | string[];
  /**
   * How often the layer stands here, one behind the other.
   */
  repeat?: number | Expression;
  for?: Loop;
  /**
   * The layer stands here only if this is not 0; otherwise what enters passes by. In a loop it is asked each time.
   */
  when?: number | Expression;
  /**
   * The stacks to join. What enters goes into each; an empty one is the identity.
   *
   * @minItems 2
   * @maxItems 64
   */
  branches?: Layers[];
  /**
   * Cuts the channels that enter into equal parts, one for each branch.
   */
  split?: number | Expression;
}
/**
 * One of the equal parts of the channels. `split: 2` on a join gives each branch its part.
 */
export interface Split {
  /**
   * One of the equal parts of the channels. `split: 2` on a join gives each branch its part.
   */
  op: 'split';
  /**
   * Names the layer, for `from` and for its weights. Default: its op and a number.
   */
  name?: string;
  /**
   * What enters, by name, instead of the layer above: `entry` is what entered the block, `previous` the layer above, `image` the input. A list for an op that joins.
   */
  from?: string | string[];
  /**
   * How often the layer stands here, one behind the other.
   */
  repeat?: number | Expression;
  for?: Loop;
  /**
   * The layer stands here only if this is not 0; otherwise what enters passes by. In a loop it is asked each time.
   */
  when?: number | Expression;
  /**
   * Number of equal parts.
   */
  parts: number | Expression;
  /**
   * Which part, from 0.
   */
  part?: number | Expression;
}
/**
 * Interleaves the groups of channels (ShuffleNet, 2017).
 */
export interface ChannelShuffle {
  /**
   * Interleaves the groups of channels (ShuffleNet, 2017).
   */
  op: 'channelShuffle';
  /**
   * Names the layer, for `from` and for its weights. Default: its op and a number.
   */
  name?: string;
  /**
   * What enters, by name, instead of the layer above: `entry` is what entered the block, `previous` the layer above, `image` the input. A list for an op that joins.
   */
  from?: string | string[];
  /**
   * How often the layer stands here, one behind the other.
   */
  repeat?: number | Expression;
  for?: Loop;
  /**
   * The layer stands here only if this is not 0; otherwise what enters passes by. In a loop it is asked each time.
   */
  when?: number | Expression;
  /**
   * Number of groups.
   */
  groups?: number | Expression;
}
/**
 * Zeros around the image.
 */
export interface ZeroPad {
  /**
   * Zeros around the image.
   */
  op: 'zeroPad';
  /**
   * Names the layer, for `from` and for its weights. Default: its op and a number.
   */
  name?: string;
  /**
   * What enters, by name, instead of the layer above: `entry` is what entered the block, `previous` the layer above, `image` the input. A list for an op that joins.
   */
  from?: string | string[];
  /**
   * How often the layer stands here, one behind the other.
   */
  repeat?: number | Expression;
  for?: Loop;
  /**
   * The layer stands here only if this is not 0; otherwise what enters passes by. In a loop it is asked each time.
   */
  when?: number | Expression;
  /**
   * One number for all sides, or [top, bottom, left, right].
   */
  padding: number | Expression | (number | Expression)[];
}
/**
 * A call of a block; every other key is an argument for one of its parameters.
 */
export interface Call {
  /**
   * The block, or a parameter that holds its name.
   */
  block: string;
  /**
   * Names the layer, for `from` and for its weights. Default: its op and a number.
   */
  name?: string;
  /**
   * What enters, by name, instead of the layer above: `entry` is what entered the block, `previous` the layer above, `image` the input. A list for an op that joins.
   */
  from?: string | string[];
  /**
   * How often the layer stands here, one behind the other.
   */
  repeat?: number | Expression;
  for?: Loop;
  /**
   * The layer stands here only if this is not 0; otherwise what enters passes by. In a loop it is asked each time.
   */
  when?: number | Expression;
  [k: string]: number | string | Layers | string[] | Loop | undefined;
}
/**
 * Layers that belong together: to repeat them, or to give them a name, which then stands before theirs.
 */
export interface Group {
  layers: Layers;
  /**
   * Names the layer, for `from` and for its weights. Default: its op and a number.
   */
  name?: string;
  /**
   * What enters, by name, instead of the layer above: `entry` is what entered the block, `previous` the layer above, `image` the input. A list for an op that joins.
   */
  from?: string | string[];
  /**
   * How often the layer stands here, one behind the other.
   */
  repeat?: number | Expression;
  for?: Loop;
  /**
   * The layer stands here only if this is not 0; otherwise what enters passes by. In a loop it is asked each time.
   */
  when?: number | Expression;
}
/**
 * Attributes for every layer of an op that does not say otherwise.
 */
export interface Defaults {
  /**
   * Defaults of conv2d.
   */
  conv2d?: {
    /**
     * Number of output channels. Default: the channels that enter.
     */
    filters?: number | Expression;
    /**
     * Kernel size: one number, or [height, width].
     */
    kernel?: number | Expression | (number | Expression)[];
    /**
     * Step of the kernel.
     */
    stride?: number | Expression | (number | Expression)[];
    /**
     * Distance between the taps of the kernel.
     */
    dilation?: number | Expression | (number | Expression)[];
    /**
     * Zeros around the image: a number for each side (as in PyTorch), `same` (as in Keras: the output is the input divided by the stride, rounded up) or `valid` (none).
     */
    padding?: number | Expression | (number | Expression)[] | ('same' | 'valid');
    /**
     * Number of groups that do not see each other, or `depthwise`: one a channel.
     */
    groups?: number | Expression | 'depthwise';
    /**
     * Adds a bias to each filter.
     */
    bias?: boolean;
    /**
     * How the kernel starts. `pytorch` is what torch.nn.Conv2d does, bias included.
     */
    initializer?:
      | 'pytorch'
      | 'kaimingUniform'
      | 'kaimingNormal'
      | 'kaimingNormalFanOut'
      | 'xavierUniform'
      | 'xavierNormal'
      | 'heUniform'
      | 'heNormal'
      | 'glorotUniform'
      | 'glorotNormal'
      | 'lecunUniform'
      | 'lecunNormal'
      | 'truncatedNormal'
      | 'dirac'
      | 'zeros'
      | 'ones';
  };
  /**
   * Defaults of dense.
   */
  dense?: {
    /**
     * Number of outputs.
     */
    units?: number | Expression;
    /**
     * Adds a bias to each output.
     */
    bias?: boolean;
    /**
     * How the weights start. `pytorch` is what torch.nn.Linear does, bias included.
     */
    initializer?:
      | 'pytorch'
      | 'kaimingUniform'
      | 'kaimingNormal'
      | 'kaimingNormalFanOut'
      | 'xavierUniform'
      | 'xavierNormal'
      | 'heUniform'
      | 'heNormal'
      | 'glorotUniform'
      | 'glorotNormal'
      | 'lecunUniform'
      | 'lecunNormal'
      | 'truncatedNormal'
      | 'dirac'
      | 'zeros'
      | 'ones';
  };
  /**
   * Defaults of batchNorm.
   */
  batchNorm?: {
    /**
     * Added to the variance.
     */
    epsilon?: number;
    /**
     * Weight of the new batch in the running statistics, as in PyTorch.
     */
    momentum?: number;
    /**
     * Learns a scale (gamma) and a shift (beta) for each channel.
     */
    affine?: boolean;
    /**
     * `zeros` on the last norm of a residual branch starts the block as the identity.
     */
    gammaInitializer?: 'ones' | 'zeros';
  };
  /**
   * Defaults of gelu.
   */
  gelu?: {
    /**
     * `none` uses erf; `tanh` is the older approximation.
     */
    approximate?: 'none' | 'tanh';
  };
  /**
   * Defaults of elu.
   */
  elu?: {
    /**
     * The limit for large negative x is -alpha.
     */
    alpha?: number;
  };
  /**
   * Defaults of leakyRelu.
   */
  leakyRelu?: {
    /**
     * Slope below 0.
     */
    slope?: number;
  };
  /**
   * Defaults of maxPool2d.
   */
  maxPool2d?: {
    /**
     * Window: one number, or [height, width].
     */
    size?: number | Expression | (number | Expression)[];
    /**
     * Step of the window. Default: the window.
     */
    stride?: number | Expression | (number | Expression)[];
    /**
     * Padding: a number for each side, `same` or `valid`.
     */
    padding?: number | Expression | (number | Expression)[] | ('same' | 'valid');
  };
  /**
   * Defaults of avgPool2d.
   */
  avgPool2d?: {
    /**
     * Window: one number, or [height, width].
     */
    size?: number | Expression | (number | Expression)[];
    /**
     * Step of the window. Default: the window.
     */
    stride?: number | Expression | (number | Expression)[];
    /**
     * Padding: a number for each side, `same` or `valid`.
     */
    padding?: number | Expression | (number | Expression)[] | ('same' | 'valid');
  };
  /**
   * Defaults of dropout.
   */
  dropout?: {
    /**
     * Share of the values that become 0.
     */
    rate?: number;
  };
  /**
   * Defaults of split.
   */
  split?: {
    /**
     * Number of equal parts.
     */
    parts?: number | Expression;
    /**
     * Which part, from 0.
     */
    part?: number | Expression;
  };
  /**
   * Defaults of channelShuffle.
   */
  channelShuffle?: {
    /**
     * Number of groups.
     */
    groups?: number | Expression;
  };
  /**
   * Defaults of zeroPad.
   */
  zeroPad?: {
    /**
     * One number for all sides, or [top, bottom, left, right].
     */
    padding?: number | Expression | (number | Expression)[];
  };
}
/**
 * What the network may cost; `compile --check` proves it.
 */
export interface Budget {
  params?: Limit;
  macs?: Limit1;
  activationBytes?: Limit2;
  weightBytes?: WeightLimit;
}
/**
 * Trainable parameters, as PyTorch counts them.
 */
export interface Limit {
  /**
   * Must be this number.
   */
  exactly?: number;
  /**
   * Must not be more.
   */
  atMost?: number;
  /**
   * Must be so near.
   */
  within?: {
    /**
     * How far from the target.
     */
    percent: number;
    /**
     * The number aimed at.
     */
    target: number;
  };
}
/**
 * Multiply-accumulates for one image.
 */
export interface Limit1 {
  /**
   * Must be this number.
   */
  exactly?: number;
  /**
   * Must not be more.
   */
  atMost?: number;
  /**
   * Must be so near.
   */
  within?: {
    /**
     * How far from the target.
     */
    percent: number;
    /**
     * The number aimed at.
     */
    target: number;
  };
}
/**
 * Peak of the float32 buffers alive at once for one image.
 */
export interface Limit2 {
  /**
   * Must be this number.
   */
  exactly?: number;
  /**
   * Must not be more.
   */
  atMost?: number;
  /**
   * Must be so near.
   */
  within?: {
    /**
     * How far from the target.
     */
    percent: number;
    /**
     * The number aimed at.
     */
    target: number;
  };
}
/**
 * Limits on the bytes of the weights, at each width they may be stored in.
 */
export interface WeightLimit {
  fp32?: Limit3;
  fp16?: Limit3;
  int8?: Limit3;
}
/**
 * A limit, and how strict it is.
 */
export interface Limit3 {
  /**
   * Must be this number.
   */
  exactly?: number;
  /**
   * Must not be more.
   */
  atMost?: number;
  /**
   * Must be so near.
   */
  within?: {
    /**
     * How far from the target.
     */
    percent: number;
    /**
     * The number aimed at.
     */
    target: number;
  };
}
/**
 * Stacks of layers to be called by name.
 */
export interface Blocks {
  [k: string]: Block | undefined;
}
export interface ParameterizedBlock {
  /**
   * Names of the arguments; `name: value` gives a default. A default may be layers.
   *
   * @maxItems 16
   */
  parameters?: (
    | string
    | {
        [k: string]: number | string | Layers | undefined;
      }
  )[];
  layers: Layers;
}
/**
 * How the network is trained.
 */
export interface Recipe {
  /**
   * Passes over the training photos.
   */
  epochs?: number;
  /**
   * Photos a step.
   */
  batch?: number;
  /**
   * Seeds weights, order and augmentation.
   */
  seed?: number;
  /**
   * The optimizer and its settings; formulas as in PyTorch.
   */
  optimizer?: {
    /**
     * Which optimizer.
     */
    name: 'sgd' | 'adam' | 'adamw' | 'rmsprop';
    /**
     * Peak learning rate.
     */
    learningRate?: number;
    /**
     * Weight decay; decoupled in adamw, added to the gradient elsewhere. Not applied to biases and norms.
     */
    weightDecay?: number;
    /**
     * Momentum of sgd and rmsprop.
     */
    momentum?: number;
    /**
     * Nesterov's momentum, for sgd.
     */
    nesterov?: boolean;
    /**
     * Decay of the first moment of adam and adamw.
     */
    beta1?: number;
    /**
     * Decay of the second moment of adam and adamw; smoothing of rmsprop.
     */
    beta2?: number;
    /**
     * Added to denominators.
     */
    epsilon?: number;
  };
  /**
   * The learning rate over the run, as a share of its peak.
   */
  schedule?: {
    /**
     * Its shape.
     */
    name: 'constant' | 'step' | 'cosine' | 'oneCycle';
    /**
     * Epochs of linear rise from 0 at the start (constant, step, cosine).
     */
    warmupEpochs?: number;
    /**
     * step: epochs at which the rate falls.
     *
     * @maxItems 32
     */
    milestones?: number[];
    /**
     * step: what it is multiplied by.
     */
    factor?: number;
    /**
     * Share of the peak at the end of cosine and oneCycle.
     */
    floor?: number;
    /**
     * oneCycle: share of the run that rises.
     */
    rise?: number;
  };
  /**
   * Share of the target spread over all classes.
   */
  labelSmoothing?: number;
  /**
   * Decay of the moving average of the weights, which is then what is evaluated and saved.
   */
  ema?: number;
  /**
   * Largest norm of all gradients together.
   */
  clipNorm?: number;
  /**
   * Batches whose gradients are added before a step.
   */
  accumulate?: number;
  /**
   * Alpha of mixup (Zhang et al. 2017); 0 is off.
   */
  mixup?: number;
  /**
   * Alpha of CutMix (Yun et al. 2019); 0 is off.
   */
  cutmix?: number;
  /**
   * Weight of each class in the loss; `balanced` is the inverse of its frequency.
   */
  classWeights?: 'balanced' | number[];
  /**
   * A .safetensors file whose weights training starts from: of netlathe, of an emitted PyTorch module, or of torchvision. A last layer of another number of classes starts anew. The path counts from the working folder.
   */
  init?: string;
  /**
   * Layers whose weights stay as they are; `*` stands for any text.
   *
   * @maxItems 100
   */
  freeze?: string[];
  /**
   * Stops when validation no longer improves.
   */
  earlyStopping?: {
    /**
     * Epochs without a better validation accuracy.
     */
    patience: number;
  };
  /**
   * What happens to a training photo; each key adds one change, and the order is fixed.
   */
  augment?: {
    /**
     * A random part of the photo, scaled to the input.
     */
    randomResizedCrop?: {
      /**
       * Share of the area that is kept.
       *
       * @minItems 2
       * @maxItems 2
       */
      scale?: number[];
      /**
       * Width by height of the crop.
       *
       * @minItems 2
       * @maxItems 2
       */
      ratio?: number[];
    };
    /**
     * Pads so many pixels around the input and crops at random.
     */
    cropPadding?: number;
    /**
     * Mirrors half of the photos; `alternating` mirrors each photo every second epoch.
     */
    flip?: boolean | 'alternating';
    /**
     * Degrees to either side.
     */
    rotation?: number;
    /**
     * Random brightness, contrast and saturation, as in torchvision.
     */
    colorJitter?: {
      /**
       * Strength.
       */
      brightness?: number;
      /**
       * Strength.
       */
      contrast?: number;
      /**
       * Strength.
       */
      saturation?: number;
    };
    /**
     * RandAugment (Cubuk et al. 2020): changes chosen at random for each photo, after crop, flip and colour.
     */
    randAugment?: {
      /**
       * How many changes each photo gets; one may come twice.
       */
      choose?: number;
      /**
       * How strong: at 30 up to 30 degrees, 45% of the side, 0.3 of shear, factors of 0.1 and 1.9, 4 bits, and all inverted.
       */
      magnitude?: number;
      /**
       * What it chooses from.
       *
       * @minItems 1
       * @maxItems 12
       */
      ops?: (
        | 'identity'
        | 'autocontrast'
        | 'equalize'
        | 'rotate'
        | 'solarize'
        | 'saturation'
        | 'posterize'
        | 'contrast'
        | 'brightness'
        | 'sharpness'
        | 'shear'
        | 'translate'
      )[];
    };
    /**
     * Random erasing (Zhong et al. 2017): a grey box.
     */
    erase?: {
      /**
       * How often.
       */
      probability?: number;
      /**
       * Share of the area.
       *
       * @minItems 2
       * @maxItems 2
       */
      scale?: number[];
    };
  };
  /**
   * Learning from a teacher, which sees the same augmented image: loss = (1 - alpha) cross-entropy + alpha T^2 (the method's comparison at temperature T).
   */
  distill?: {
    /**
     * Who teaches: the folder of a run or of a tf.LayersModel, or a map: `arch` with `weights`, or `model`. Paths count from the folder the command runs in.
     */
    teacher:
      | string
      | {
          /**
           * An architecture: a file, file#variant or zoo name.
           */
          arch?: string;
          /**
           * The weights of `arch`, a .safetensors file.
           */
          weights?: string;
          /**
           * A tf.LayersModel instead: its folder or its model.json.
           */
          model?: string;
          /**
           * Of `model`: labels in the order of its outputs; those of the photos if left out.
           *
           * @minItems 2
           * @maxItems 100000
           */
          classes?: string[];
          /**
           * Of `model`: subtracted from values scaled to 0..1; as the student has it if left out.
           *
           * @minItems 1
           * @maxItems 4
           */
          mean?: number[];
          /**
           * Of `model`: divides what is left; as the student has it if left out.
           *
           * @minItems 1
           * @maxItems 4
           */
          std?: number[];
        };
    /**
     * kd: soft targets (Hinton et al. 2015). dkd: true class and the others apart (Zhao et al. 2022). dist: relations between and within classes (Huang et al. 2022).
     */
    method?: 'kd' | 'dkd' | 'dist';
    /**
     * What logits of both are divided by before they are compared.
     */
    temperature?: number;
    /**
     * The teacher's share of the loss; 1 leaves the labels out.
     */
    alpha?: number;
    /**
     * dkd: weight of the true class against all others.
     */
    target?: number;
    /**
     * dkd: weight of the others among themselves.
     */
    others?: number;
    /**
     * dist: weight of the relation between classes, photo by photo.
     */
    inter?: number;
    /**
     * dist: weight of the relation within a class, over the batch.
     */
    intra?: number;
    /**
     * Layers of the student that also learn from layers of the teacher; each adds its loss. Only from a network of netlathe.
     *
     * @maxItems 32
     */
    hints?: {
      /**
       * Name of the student's layer, as `netlathe compile` lists it.
       */
      student: string;
      /**
       * Name of the teacher's layer, as `netlathe compile` lists it.
       */
      teacher: string;
      /**
       * regression: the teacher's values, through a 1x1 convolution that is thrown away afterwards (FitNets, Romero et al. 2015). attention: where it looks (Zagoruyko and Komodakis 2017).
       */
      kind?: 'regression' | 'attention';
      /**
       * Of its loss. Default: 100 for regression, 1000 for attention.
       */
      weight?: number;
    }[];
  };
  /**
   * Which photos train and which validate.
   */
  data?: {
    /**
     * Folder(s) of the training photos. Naming the validation folder too merges them; then no held-out figure exists.
     */
    train?: string | string[];
    /**
     * Folder of the validation photos; `false` for none.
     */
    validation?: string | false;
    /**
     * Share of the training photos held out for validation where no folder is; seeded, a class as much as another.
     */
    holdOut?: number;
  };
}
