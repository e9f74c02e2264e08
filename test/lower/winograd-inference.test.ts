/** A teacher inside of its student's program: its 3x3 convolutions by Winograd, with norms folded and the rest behind. */
import { describe, expect, it } from 'vitest';
import { ProgramBuilder } from '../../compiler/6-lower/builder.ts';
import { lowerNetwork } from '../../compiler/6-lower/inference.ts';
import type { Graph } from '../../compiler/graph/graph.ts';
import { elements } from '../../compiler/graph/shape.ts';
import { Engine } from '../../runtime/engine/engine.ts';
import { writeParameters } from '../../runtime/train/parameters.ts';
import { Random } from '../../runtime/train/random.ts';
import { apart, randomWeights } from '../emit/support.ts';
import { networkOf } from '../support/compile.ts';

const residual = networkOf(
  `
- { op: conv2d, kernel: 3, filters: 16, padding: same }
- batchNorm
- silu
- maxPool2d
- { op: add, branches: [[], [{ op: conv2d, kernel: 3, filters: 16, padding: same, bias: false }, batchNorm]] }
- hardSwish
- { op: conv2d, kernel: 3, filters: 24, padding: same }
- relu
- { op: conv2d, kernel: 3, filters: 32, padding: same, groups: 8 }
- { op: conv2d, kernel: 3, filters: 32, padding: same }
- maxPool2d`,
  16,
);
const images = 5;
const random = new Random(3, 5);
const image = Float32Array.from(
  { length: images * elements(residual.input) },
  () => random.integer(2000) / 1000 - 1,
);

interface Way {
  readonly winograd: boolean;
  readonly batch?: number;
  readonly threads?: number;
}

/** Logits of all images, a batch after the other, and the kernels that ran. */
async function logitsOf(graph: Graph, { winograd, batch = images, threads = 1 }: Way) {
  const builder = new ProgramBuilder(threads);
  const size = elements(graph.input);
  const pending = builder.kept('image', batch * size);
  const schedules = { prepare: 'prepare', run: 'infer' };
  const network = lowerNetwork(builder, graph, {
    ...{ batch, image: pending, label: '', schedules, winograd },
  });
  const { program, at } = builder.finish();
  const engine = await Engine.create(program, 'strict');
  try {
    const [weights, statistics] = [at(network.weights.whole), at(network.statistics.whole)];
    writeParameters(engine, { layout: network.layout, weights, statistics }, randomWeights(graph));
    engine.run('prepare');
    const rows: number[] = [];
    for (let first = 0; first < images; first += batch) {
      engine.floats(at(pending)).set(image.subarray(first * size, (first + batch) * size));
      engine.run('infer');
      rows.push(...engine.floats(at(network.logits)));
    }
    const kernels = program.schedules.flatMap((s) => s.steps.map((step) => step.kernel));
    return { logits: Float32Array.from(rows), kernels };
  } finally {
    await engine.close();
  }
}

describe('a network with Winograd convolutions', () => {
  it('gives the logits of the direct way, but for rounding', async () => {
    const direct = await logitsOf(residual, { winograd: false });
    const fast = await logitsOf(residual, { winograd: true });
    expect(direct.kernels).not.toContain('winograd');
    expect(fast.kernels.filter((kernel) => kernel === 'winograd').length).toBeGreaterThan(1);
    expect(apart(fast.logits, direct.logits)).toBeLessThan(1e-5);
  });

  it('gives an image the same bits in any batch and with any threads', async () => {
    const { logits } = await logitsOf(residual, { winograd: true });
    for (const way of [{ batch: 1 }, { batch: 1, threads: 2 }, { threads: 3 }]) {
      expect((await logitsOf(residual, { winograd: true, ...way })).logits).toEqual(logits);
    }
  });
});
