/** netlathe's step kernel by kernel, and its slowest single steps. */

import { profile, type StepTime } from '../../runtime/engine/profile.ts';
import { type KernelBuild, supportsRelaxed } from '../../runtime/kernels/load.ts';
import { aligned } from '../shared/aligned.ts';
import { prepareStep, runStep } from './netlathe-step.ts';
import { type BenchNetwork, graphOf } from './networks.ts';
import { matrixPeak } from './peak.ts';

const repeats = 25;

export async function profileNetwork(network: BenchNetwork, slowest: number): Promise<string> {
  const builds: readonly KernelBuild[] = supportsRelaxed() ? ['strict', 'relaxed'] : ['strict'];
  const parts: string[] = [];
  for (const build of builds) parts.push(await profileBuild(network, build, slowest));
  return parts.join('\n');
}

async function profileBuild(
  network: BenchNetwork,
  build: KernelBuild,
  slowest: number,
): Promise<string> {
  const graph = graphOf(network);
  const engine = await prepareStep(graph, { batch: network.batch, threads: 1, build });
  for (let i = 0; i < 2; i++) runStep(engine);
  const steps = engine.program.schedules.flatMap((s) => profile(engine, s, repeats));
  await engine.close();
  const total = sum(steps, (s) => s.time);
  const peak = await matrixPeak(build);
  const byKernel = new Map<string, StepTime[]>();
  for (const s of steps) {
    const same = byKernel.get(s.step.kernel) ?? [];
    byKernel.set(s.step.kernel, [...same, s]);
  }
  const kernels = [...byKernel].map(([name, of]) => rowOf(name, of, total, peak));
  const layers = steps.map((s) => rowOf(`${s.step.kernel} ${s.step.layer}`, [s], total, peak));
  const rate = ((network.batch * 1000) / total).toFixed(1);
  const header = (first: string) => [first, 'ms', 'share', 'calls', 'GFLOP/s', 'of peak', 'GB/s'];
  const print = (first: string, rows: readonly Line[]) =>
    aligned(
      header(first),
      rows.toSorted((a, b) => b.time - a.time).map(({ cells }) => cells),
    );
  return [
    `#### ${network.name}, ${build}, one thread, kernel by kernel: ${rate} images/s, GEMM peak ${peak.toFixed(0)} GFLOP/s`,
    '',
    ...print('kernel', kernels),
    '',
    ...(slowest > 0 ? [...print('slowest steps', layers).slice(0, slowest + 2), ''] : []),
  ].join('\n');
}

interface Line {
  readonly time: number;
  readonly cells: readonly string[];
}

function rowOf(name: string, steps: readonly StepTime[], total: number, peak: number): Line {
  const time = sum(steps, (s) => s.time);
  const gflops = (2 * sum(steps, (s) => s.step.macs)) / time / 1e6;
  const cells = [
    name,
    time.toFixed(2),
    `${((100 * time) / total).toFixed(1)}%`,
    String(steps.length),
    gflops > 0 ? gflops.toFixed(1) : '-',
    gflops > 0 ? `${((100 * gflops) / peak).toFixed(0)}%` : '-',
    (sum(steps, (s) => s.step.bytes) / time / 1e6).toFixed(1),
  ];
  return { time, cells };
}

function sum<T>(list: readonly T[], of: (item: T) => number): number {
  return list.reduce((total, item) => total + of(item), 0);
}
