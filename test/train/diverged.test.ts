/** A gradient beyond what floats hold, where the loss is as harmless as can be. Found by prove:validate. */
import { expect, it } from 'vitest';
import { initialize } from '../../compiler/weights/index.ts';
import { resolveRecipe } from '../../runtime/train/recipe.ts';
import { Trainer } from '../../runtime/train/trainer.ts';
import { networkOf } from '../support/compile.ts';
import { photos } from '../support/photos.ts';

// Behind gammas of zero no channel varies, and each norm multiplies what comes back by 1 / sqrt(epsilon).
const norms = Array.from({ length: 9 }, () => '- { op: batchNorm, epsilon: 0.00001 }').join('\n');
const graph = networkOf(`
- { op: conv2d, kernel: 3, filters: 4, bias: false }
- { op: batchNorm, gammaInitializer: zeros }
- tanh
${norms}`);

it('is not called a loss that is no number', async () => {
  const recipe = resolveRecipe({ epochs: 1, batch: 4 }, { steps: 1 });
  const trainer = await Trainer.create(graph, photos(4, 3), recipe, {
    ...{ threads: 1, build: 'strict' },
  });
  try {
    trainer.start(initialize(graph, 1));
    expect(() => trainer.step(0)).toThrow(/^step 1: .*the gradient.* too large for a float/);
  } finally {
    await trainer.close();
  }
});
