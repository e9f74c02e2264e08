/** Plain forms of the kernels that inference needs, by name. Each works on one image. */
export { activationForward, normActivate } from './activations.ts';
export {
  addBytes,
  affineBytes,
  avgPoolBytes,
  copyBytes,
  dequantize,
  frameBytes,
  maxPoolBytes,
  multiplyByteTensors,
  quantize,
  shuffleBytes,
  tableBytes,
} from './byte-elementwise.ts';
export { convolveBytes, depthwiseBytes } from './bytes.ts';
export { depthwiseActivate, depthwisePointwise } from './depthwise.ts';
export {
  addTensors,
  copyChannels,
  frameImage,
  multiplyTensors,
  scaleChannels,
  shuffleChannels,
} from './elementwise.ts';
export { avgPool, globalAvgPool, maxPool } from './pooling.ts';
export { convolveActivate, pointwiseActivate } from './products.ts';
