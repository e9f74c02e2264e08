/** TensorFlow.js as what trains a run. */

import type { Tf } from '../../../compiler/7-emit/tfjs/index.ts';
import type { Backend } from '../backend.ts';
import { TfjsEvaluator } from './evaluator.ts';
import { TfjsTrainer } from './trainer.ts';

export { type OpenedTfjs, openTfjs } from './open.ts';

export function tfjsBackend(tf: Tf): Backend {
  return {
    trainer: (graph, images, recipe, teacher) =>
      TfjsTrainer.create(tf, graph, images, recipe, teacher),
    evaluator: (graph, images) => TfjsEvaluator.create(tf, graph, images),
  };
}
