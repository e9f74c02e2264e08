/** The records of all kernels, and the sizes of what they need. Each has a WASM export of the same name. */

export * from './plain/activations.ts';
export * from './plain/alter.ts';
export * from './plain/augment.ts';
export * from './plain/bytes.ts';
export * from './plain/convolution.ts';
export * from './plain/depthwise.ts';
export * from './plain/distill.ts';
export * from './plain/elementwise.ts';
export * from './plain/fold.ts';
export * from './plain/fused.ts';
export * from './plain/hints.ts';
export * from './plain/loss.ts';
export * from './plain/norm.ts';
export * from './plain/norm-pool.ts';
export * from './plain/optimizers.ts';
export * from './plain/pack.ts';
export * from './plain/partials.ts';
export * from './plain/pointwise.ts';
export * from './plain/pooled.ts';
export * from './plain/pooling.ts';
export * from './plain/stem.ts';
export * from './plain/view.ts';
export * from './plain/winograd.ts';
