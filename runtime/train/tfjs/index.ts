/** TensorFlow.js as what trains a run. */

import type { Tf } from '../../../compiler/7-emit/tfjs/index.ts';
import type { Backend } from '../backend.ts';
import { TfjsEvaluator } from './evaluator.ts';
import { type Guard, guardedEvaluator, guardedTrainer, unguarded } from './guard.ts';
import { TfjsTrainer } from './trainer.ts';

export { type OpenedTfjs, openTfjs, type TfjsBackendName, tfjsBackends } from './open.ts';
export { webgpuPeers } from './open-webgpu.ts';

export function tfjsBackend(tf: Tf, guard: Guard = unguarded): Backend {
  return {
    trainer: async (graph, images, recipe, teacher) => {
      const create = () => TfjsTrainer.create(tf, graph, images, recipe, teacher);
      return guardedTrainer(await guard(create), guard);
    },
    evaluator: async (graph, images) => {
      const evaluator = await guard(() => TfjsEvaluator.create(tf, graph, images));
      return guardedEvaluator(evaluator, guard);
    },
  };
}
