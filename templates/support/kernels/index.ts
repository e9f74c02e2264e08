/** Plain forms of the kernels that inference needs, by name. Each works on one image. */
export { activationForward, normActivate } from './activations.ts';
export {
  addTensors,
  copyChannels,
  frameImage,
  multiplyTensors,
  scaleChannels,
  shuffleChannels,
} from './elementwise.ts';
export { avgPool, globalAvgPool, maxPool } from './pooling.ts';
export { convolution, depthwise, pointwise } from './products.ts';
