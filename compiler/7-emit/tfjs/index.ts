export { importTfjs } from './import-tfjs.ts';
export { type NetlatheLayers, registerLayers, type Tf } from './layers.ts';
export { type LoadedTfjsModel, loadTfjsModel } from './load.ts';
export {
  buildTfjsModel,
  countTfjs,
  getWeights,
  type ModelWeight,
  modelWeights,
  setWeights,
} from './model.ts';
export { type SavedModel, saveTfjsModel } from './save.ts';
export type { SavedMetadata } from './saved-model.ts';
