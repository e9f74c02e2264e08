/**
 * What a network needs of TFLite's schema, version 3: numbers of operators and of the fields of their options.
 * https://github.com/tensorflow/tensorflow/blob/master/tensorflow/lite/schema/schema.fbs
 */

export const schemaVersion = 3;
export const fileIdentifier = 'TFL3';

/** TensorType. */
export const tensorTypes = { float32: 0, float16: 1, int32: 2, uint8: 3 } as const;
export type TensorType = keyof typeof tensorTypes;

/** Padding. */
export const paddings = { same: 0, valid: 1 } as const;

/** ActivationFunctionType, as far as every runtime fuses it. */
export const fusedActivations = { none: 0, relu: 1, relu6: 3 } as const;
export type Fused = keyof typeof fusedActivations;

export interface Field {
  readonly id: number;
  readonly type: 'bool' | 'int8' | 'int32' | 'float32' | 'int32s';
  /** What a reader takes where the field is missing. */
  readonly missing: number;
}

const field = <T extends Field['type']>(id: number, type: T, missing = 0) => ({
  id,
  type,
  missing,
});

/** Options by their table: its number in the union BuiltinOptions, and its fields. */
export const optionTables = {
  Conv2DOptions: {
    number: 1,
    fields: {
      padding: field(0, 'int8'),
      strideW: field(1, 'int32'),
      strideH: field(2, 'int32'),
      activation: field(3, 'int8'),
      dilationW: field(4, 'int32', 1),
      dilationH: field(5, 'int32', 1),
    },
  },
  DepthwiseConv2DOptions: {
    number: 2,
    fields: {
      padding: field(0, 'int8'),
      strideW: field(1, 'int32'),
      strideH: field(2, 'int32'),
      depthMultiplier: field(3, 'int32'),
      activation: field(4, 'int8'),
      dilationW: field(5, 'int32', 1),
      dilationH: field(6, 'int32', 1),
    },
  },
  Pool2DOptions: {
    number: 5,
    fields: {
      padding: field(0, 'int8'),
      strideW: field(1, 'int32'),
      strideH: field(2, 'int32'),
      filterWidth: field(3, 'int32'),
      filterHeight: field(4, 'int32'),
      activation: field(5, 'int8'),
    },
  },
  FullyConnectedOptions: { number: 8, fields: { activation: field(0, 'int8') } },
  ConcatenationOptions: { number: 10, fields: { axis: field(0, 'int32') } },
  AddOptions: { number: 11, fields: { activation: field(0, 'int8') } },
  ReshapeOptions: { number: 17, fields: { newShape: field(0, 'int32s') } },
  MulOptions: { number: 21, fields: { activation: field(0, 'int8') } },
  PadOptions: { number: 22, fields: {} },
  TransposeOptions: { number: 26, fields: {} },
  ReducerOptions: { number: 27, fields: { keepDims: field(0, 'bool') } },
  StridedSliceOptions: {
    number: 32,
    fields: { beginMask: field(0, 'int32'), endMask: field(1, 'int32') },
  },
  CastOptions: { number: 37, fields: { from: field(0, 'int8'), to: field(1, 'int8') } },
  DequantizeOptions: { number: 38, fields: {} },
  MaximumMinimumOptions: { number: 39, fields: {} },
  PadV2Options: { number: 43, fields: {} },
  LeakyReluOptions: { number: 75, fields: { alpha: field(0, 'float32') } },
  HardSwishOptions: { number: 91, fields: {} },
  GeluOptions: { number: 116, fields: { approximate: field(0, 'bool') } },
} as const satisfies Readonly<
  Record<string, { readonly number: number; readonly fields: Readonly<Record<string, Field>> }>
>;

/** BuiltinOperator, and the table of the options of each. */
export const operators = {
  ADD: { code: 0, options: 'AddOptions' },
  AVERAGE_POOL_2D: { code: 1, options: 'Pool2DOptions' },
  CONCATENATION: { code: 2, options: 'ConcatenationOptions' },
  CONV_2D: { code: 3, options: 'Conv2DOptions' },
  DEPTHWISE_CONV_2D: { code: 4, options: 'DepthwiseConv2DOptions' },
  DEQUANTIZE: { code: 6, options: 'DequantizeOptions' },
  FULLY_CONNECTED: { code: 9, options: 'FullyConnectedOptions' },
  LOGISTIC: { code: 14, options: undefined },
  MAX_POOL_2D: { code: 17, options: 'Pool2DOptions' },
  MUL: { code: 18, options: 'MulOptions' },
  RELU: { code: 19, options: undefined },
  RELU6: { code: 21, options: undefined },
  RESHAPE: { code: 22, options: 'ReshapeOptions' },
  TANH: { code: 28, options: undefined },
  PAD: { code: 34, options: 'PadOptions' },
  TRANSPOSE: { code: 39, options: 'TransposeOptions' },
  MEAN: { code: 40, options: 'ReducerOptions' },
  STRIDED_SLICE: { code: 45, options: 'StridedSliceOptions' },
  CAST: { code: 53, options: 'CastOptions' },
  MINIMUM: { code: 57, options: 'MaximumMinimumOptions' },
  PADV2: { code: 60, options: 'PadV2Options' },
  LEAKY_RELU: { code: 98, options: 'LeakyReluOptions' },
  ELU: { code: 111, options: undefined },
  HARD_SWISH: { code: 117, options: 'HardSwishOptions' },
  GELU: { code: 150, options: 'GeluOptions' },
} as const satisfies Readonly<
  Record<string, { readonly code: number; readonly options: keyof typeof optionTables | undefined }>
>;

export type OperatorName = keyof typeof operators;

type Tables = typeof optionTables;
type Filled<F> = {
  readonly [K in keyof F]: F[K] extends { readonly type: 'int32s' } ? readonly number[] : number;
};

/** Values of an operator's options, each by the name of its field. */
export type OptionsOf<O extends OperatorName> = (typeof operators)[O]['options'] extends infer T
  ? T extends keyof Tables
    ? Filled<Tables[T]['fields']>
    : Readonly<Record<string, never>>
  : never;
