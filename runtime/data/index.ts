/** Folders and archives of photos, decoded once into shared memory. */

export { DEFAULT_CACHE_BYTES, defaultCacheFolder } from './cache-folder.ts';
export type { BadImage } from './cache-index.ts';
export * from './data-error.ts';
export type { DataWarning, DataWarningCode } from './data-warning.ts';
export type { Progress } from './decode-all.ts';
export { DECODER, type DecodedImage, decodeImage } from './decode-image.ts';
export type { ImageSet } from './image-set.ts';
export { type Dataset, type DatasetOptions, loadDataset } from './load-dataset.ts';
export { setOf } from './single-images.ts';
export type { SplitChoice } from './split-folders.ts';
