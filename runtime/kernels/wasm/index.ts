// Every exported function of these files is a kernel; what they share lives in files that are not listed here.

export * from './activations';
export * from './augment';
export * from './byte-elementwise';
export * from './byte-products';
export * from './convolution';
export * from './depthwise';
export * from './depthwise-weights';
export * from './distill';
export * from './elementwise';
export * from './fold';
export * from './fused';
export * from './loss';
export * from './mix';
export * from './norm';
export * from './norm-pool';
export * from './norm-pool-gradient';
export * from './norm-statistics';
export * from './optimizers';
export * from './pack';
export * from './partials';
export * from './pointwise';
export * from './pooling';
export * from './resize';
export * from './view';
export * from './winograd';
export * from './winograd-weights';
