/** Words of other tools, and what they are called here: what users bring along is worth a better hint than a guess. */

const ops: Readonly<Record<string, string>> = {
  depthwiseconv2d: 'a depthwise convolution is { op: conv2d, kernel: 3, groups: depthwise }',
  depthwise: 'a depthwise convolution is { op: conv2d, kernel: 3, groups: depthwise }',
  pointwise: 'a pointwise convolution is { op: conv2d, kernel: 1, filters: N }',
  separableconv2d: 'write a depthwise conv2d (groups: depthwise), then one of kernel: 1',
  groupconv2d: 'a group convolution is { op: conv2d, kernel: 3, filters: N, groups: G }',
  conv: 'did you mean "conv2d"?',
  convolution: 'did you mean "conv2d"?',
  linear: 'a fully connected layer is { op: dense, units: N }',
  fc: 'a fully connected layer is { op: dense, units: N }',
  swish: 'swish is called "silu" here; its cheap twin is "hardSwish"',
  softmax: 'the network ends in logits: softmax belongs to the loss and to predict',
  adaptiveavgpool2d: 'did you mean "globalAvgPool"?',
  globalaveragepooling2d: 'did you mean "globalAvgPool"?',
  averagepooling2d: 'did you mean "avgPool2d"?',
  input: 'the input is the key "input" of the file, not a layer',
  residual: 'a residual is { op: add, branches: [[], [...]] }',
  squeezeexcite: 'squeeze-and-excite is { op: multiply, branches: [[], [globalAvgPool, ...]] }',
};

const keys: Readonly<Record<string, string>> = {
  activation: 'an activation is a layer of its own: - relu',
  inchannels: 'the channels that enter follow from the layer before',
  outchannels: 'did you mean "filters"?',
  channels: 'did you mean "filters"?',
  outfeatures: 'did you mean "units"?',
  usebias: 'did you mean "bias"?',
  dilationrate: 'did you mean "dilation"?',
  ksize: 'did you mean "kernel"?',
  size: 'did you mean "height" and "width"?',
  inputshape: 'the size of the image is the key "input" of the file',
  p: 'did you mean "rate"?',
  lr: 'did you mean "learningRate"?',
  max: 'did you mean "atMost"?',
  maximum: 'did you mean "atMost"?',
  equals: 'did you mean "exactly"?',
  exact: 'did you mean "exactly"?',
  parameters: 'did you mean "params"?',
  flops: 'did you mean "macs"? one multiply-accumulate is two operations',
};

function lookUp(table: Readonly<Record<string, string>>, word: string): string | undefined {
  const plain = word.replace(/[-_\s]/g, '').toLowerCase();
  return Object.hasOwn(table, plain) ? table[plain] : undefined;
}

export const foreignOp = (word: string) => lookUp(ops, word);

/** Only where the key is not one of those known: `channels` is a key of `input`. */
export const foreignKey = (word: string, known: readonly string[]) => {
  const glued = /^(\w+):(.{1,40})$/.exec(word);
  if (glued) return `a space is missing after the colon: write ${glued[1]}: ${glued[2]}`;
  const hint = lookUp(keys, word);
  const named = /"(\w+)"/.exec(hint ?? '')?.[1];
  return named === undefined || named === 'input' || known.includes(named) ? hint : undefined;
};
