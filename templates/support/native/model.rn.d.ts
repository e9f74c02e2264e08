/** The model that lies beside the component. */
export type { ModelInfo, Prediction, PredictOptions } from '../types.ts';
