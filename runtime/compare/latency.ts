/**
 * How long one photo takes: the inference program with a batch of one, on one thread, strict numerics, image to logits,
 * after the weights are packed. Networks take turns, so that what else the machine does falls on all of them.
 */

import { createHash } from 'node:crypto';
import { cpus } from 'node:os';
import { lowerInference } from '../../compiler/6-lower/inference.ts';
import type { Graph } from '../../compiler/graph/graph.ts';
import { printGraph } from '../../compiler/graph/print.ts';
import { initialize } from '../../compiler/weights/index.ts';
import { Engine } from '../engine/engine.ts';
import { writeParameters } from '../train/parameters.ts';
import type { Latency } from './comparison.ts';

/** Networks that compute the same take the same time: they are measured once. */
export function latencyKey(graph: Graph): string {
  return createHash('sha256')
    .update(printGraph({ ...graph, name: '' }))
    .digest('hex');
}

const rounds = 40;
const warmUp = 5;
/** Of one network's measurements, in milliseconds: slow networks get fewer rounds. */
const longest = 2000;

/** None where it was stopped: medians of a few runs would be kept as if they were whole. */
export async function measureLatency(
  graphs: ReadonlyMap<string, Graph>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Latency>> {
  const cpu = cpus()[0]?.model ?? 'unknown';
  const times = new Map<string, number[]>();
  const open = await Promise.all(
    [...graphs].map(async ([key, graph]) => ({ key, engine: await opened(graph) })),
  );
  try {
    for (let round = -warmUp; round < rounds && !signal.aborted; round++) {
      for (const { key, engine } of open) {
        const before = times.get(key) ?? [];
        if (before.reduce((sum, t) => sum + t, 0) > longest && before.length >= 5) continue;
        const started = performance.now();
        engine.run('infer');
        const took = performance.now() - started;
        if (round >= 0) times.set(key, [...before, took]);
      }
      // Signals get their turn.
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  } finally {
    await Promise.all(open.map(({ engine }) => engine.close()));
  }
  if (signal.aborted) return new Map();
  return new Map([...times].map(([key, all]) => [key, quartiles(all, cpu)]));
}

async function opened(graph: Graph): Promise<Engine> {
  const program = lowerInference(graph, { batch: 1, threads: 1 });
  const engine = await Engine.create(program.program, 'strict');
  writeParameters(engine, program, initialize(graph, 0));
  engine.run('prepare');
  const image = engine.floats(program.image);
  for (let i = 0; i < image.length; i++) image[i] = Math.sin(i);
  return engine;
}

function quartiles(times: readonly number[], cpu: string): Latency {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] as number;
  return { median: at(0.5), low: at(0.25), high: at(0.75), runs: sorted.length, cpu };
}
