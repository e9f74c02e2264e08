/**
 * `npm run prove:scale -- --record`: the worked example of docs/scale.md, as a user types it. A hundred trainings are
 * searched on a Ray cluster of two nodes of this machine, and once more without it; the best recipe trains as a PyTorch
 * project with two workers under torchrun, and comes back. Writes what the commands print to docs/results/scale.md.
 */

import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { recordOf } from '../bench/shared/record.ts';
import { parseAddress } from '../runtime/ray/address.ts';
import { quoted, RayJobs } from '../runtime/ray/jobs.ts';
import type { SweepRecord } from '../runtime/sweep/records.ts';
import { interopPython, versionsOf } from './interop/python.ts';
import { programOf, root } from './proofs/job.ts';
import { keepSome } from './pytorch-train/photos.ts';
import { Cluster, installRay } from './ray/cluster.ts';

const { values } = parseArgs({
  options: {
    python: { type: 'string', default: 'python3' },
    record: { type: 'boolean', default: false },
    /** Of the search; 69 make a hundred trainings. */
    trials: { type: 'string', default: '69' },
  },
});

const suite = `version: 1
name: hundred
data: photos
budget: { params: { atMost: 4000 } }
train:
  epochs: 27
  batch: 64
  optimizer: { name: adamw, learningRate: 0.01, weightDecay: 0.02 }
  schedule: { name: oneCycle, rise: 0.25 }
  augment: { flip: true }
networks:
  small: { arch: smoke-network.yaml }
sweep:
  search:
    train.optimizer.learningRate: { logUniform: [0.001, 0.1] }
    train.optimizer.weightDecay: { logUniform: [0.001, 0.1] }
    train.labelSmoothing: [0, 0.05, 0.1]
    train.batch: [32, 64, 128]
  trials: ${values.trials}
  minEpochs: 1
`;

const folder = mkdtempSync(path.join(tmpdir(), 'nl-scale-'));
const at = (...names: readonly string[]) => path.join(folder, ...names);
const program = [process.execPath, ...programOf(false)];
/** Lines of a command that are shown from its beginning and its end. */
const [first, last] = [8, 14];

interface Ran {
  readonly text: string;
  readonly seconds: number;
}

function run(command: readonly string[], cwd = folder): Promise<Ran> {
  const began = performance.now();
  const env = { ...process.env, OMP_NUM_THREADS: '1' };
  const child = spawn(command[0] as string, command.slice(1), { cwd, env });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      process.stderr.write(part);
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve({ text, seconds: (performance.now() - began) / 1000 });
      else reject(new Error(`${command.join(' ')} ends with ${code}: ${text}`));
    });
  });
}

const netlathe = (...args: readonly string[]) => run([...program, ...args]);

const minutes = (seconds: number) =>
  seconds < 90 ? `${seconds.toFixed(0)} s` : `${(seconds / 60).toFixed(1)} minutes`;

/** As a terminal would have it, without what is true of this machine alone. */
function shown(line: string, { text, seconds }: Ran, dashboard = ''): readonly string[] {
  const plain = text
    .replaceAll(dashboard === '' ? '\0' : dashboard, '127.0.0.1:8265')
    .replaceAll(`${folder}/`, '')
    .trimEnd()
    .split('\n');
  const left = plain.length - first - last;
  const lines =
    left > 1
      ? [...plain.slice(0, first), `... ${left} more lines ...`, ...plain.slice(-last)]
      : plain;
  return ['```text', `$ ${line}`, ...lines, '```', '', `(${minutes(seconds)})`, ''];
}

/** Seconds from handing a job over that does nothing to its end. */
async function costOfJob(dashboard: string): Promise<number> {
  const address = parseAddress(`ray://${dashboard}`);
  if (!address.ok) throw new Error(address.message);
  const jobs = new RayJobs(address.url);
  const times: number[] = [];
  for (let n = 0; n < 5; n++) {
    const id = `nothing-${randomBytes(4).toString('hex')}`;
    const began = performance.now();
    await jobs.submit({ id, entrypoint: 'true', cpus: 1, metadata: {} });
    while ((await jobs.info(id))?.status !== 'SUCCEEDED') await wait(50);
    times.push((performance.now() - began) / 1000);
  }
  return times.sort((a, b) => a - b)[2] as number;
}

const found = (out: string) =>
  JSON.parse(readFileSync(at('runs', out, 'sweep.json'), 'utf8')) as SweepRecord;

/** Photos of each class. */
const kept = { training: 200, validation: 100 };

function prepare(): void {
  mkdirSync(at('photos'));
  const archive = path.join(root, 'examples/cifar10-mini.tar.gz');
  execFileSync('tar', ['xzf', archive, '-C', at('photos')]);
  keepSome(at('photos'), kept);
  copyFileSync(path.join(root, 'suites/networks/smoke.yaml'), at('smoke-network.yaml'));
  writeFileSync(at('hundred.yaml'), suite);
}

/** The same search on the cluster and here. */
async function searched(): Promise<readonly string[]> {
  const common = ['sweep', 'hundred.yaml', '--cache', 'cache'];
  const cluster = await Cluster.start(folder, 1);
  try {
    await cluster.join(1);
    const job = await costOfJob(cluster.dashboard);
    const on = ['--on', `ray://${cluster.dashboard}`, '--threads', '1'];
    const command = ['--node-command', program.map(quoted).join(' ')];
    const there = await netlathe(...common, '--out', 'runs/hundred', ...on, ...command);
    const line =
      'netlathe sweep hundred.yaml --out runs/hundred --threads 1 --on ray://127.0.0.1:8265';
    cluster.stop();
    const here = await netlathe(...common, '--out', 'runs/here', '--jobs', '2', '--threads', '2');
    const [a, b] = [found('hundred'), found('here')];
    const same =
      JSON.stringify([a.candidates, a.best?.id]) === JSON.stringify([b.candidates, b.best?.id]);
    if (!same) throw new Error('the cluster found something else than this machine');
    const epochs = a.rungs.reduce((sum, rung) => sum + rung.count * rung.epochs, 0);
    const runs = a.rungs.reduce((sum, rung) => sum + rung.count, 0);
    return [
      ...shown(line, there, cluster.dashboard),
      '| | |',
      '| --- | --- |',
      `| trainings, and epochs of them all | ${runs}, ${epochs} |`,
      `| on Ray, two nodes of one CPU | ${minutes(there.seconds)} |`,
      `| the same without Ray, \`--jobs 2 --threads 2\` | ${minutes(here.seconds)} |`,
      '| figures of all combinations, and the best of them | the same |',
      `| a job on Ray that does nothing, from handing it over to its end (median of 5) | ${job.toFixed(1)} s |`,
      '',
    ];
  } finally {
    cluster.stop();
  }
}

async function elsewhereAndBack(): Promise<readonly string[]> {
  const python = interopPython();
  const emit = ['emit', '--arch', 'runs/hundred/best.yaml', '--target', 'pytorch-train'];
  const emitted = await netlathe(...emit, '--out', 'project');
  const torchrun = ['-m', 'torch.distributed.run', '--nproc-per-node', '2'];
  const train = ['train.py', '--data', '../photos'];
  const trained = await run([python, ...torchrun, ...train], at('project'));
  const back = ['--arch', 'project/architecture.yaml', '--init', 'project/out/weights.safetensors'];
  const evaluated = await netlathe('eval', ...back, '--data', 'photos', '--cache', 'cache');
  const bundle = await netlathe('emit', ...back, '--target', 'onnx', '--out', 'onnx');
  return [
    ...shown(`netlathe ${emit.join(' ')} --out project`, emitted),
    ...shown('cd project && torchrun --nproc-per-node 2 train.py --data ../photos', trained),
    ...shown(`netlathe eval ${back.join(' ')} --data photos`, evaluated),
    ...shown(`netlathe emit ${back.join(' ')} --target onnx --out onnx`, bundle),
  ];
}

try {
  installRay(values.python);
  prepare();
  const lines = [
    '`hundred.yaml`, beside `smoke-network.yaml` (suites/networks/smoke.yaml) and the photos of examples/ (200 of each class train, 100 validate):',
    '',
    ...['```yaml', ...suite.trimEnd().split('\n'), '```', ''],
    ...['## A hundred trainings on a cluster', ''],
    ...(await searched()),
    ...['## The best of them by PyTorch, and back', ''],
    ...(await elsewhereAndBack()),
  ];
  const note = `netlathe, with ${versionsOf(['ray', 'torch', 'torchvision'])} from PyPI, seed 0. The cluster: a head and a second node on this
machine, one CPU each; torchrun's two workers on the same CPUs. The machine had other work to do, so the times say little
beyond how they compare.`;
  const head = { title: 'The worked example', script: 'prove:scale', note };
  const text = `${recordOf(head, lines, process.argv.slice(2)).trimEnd()}\n`;
  if (values.record) writeFileSync(path.join(root, 'docs/results/scale.md'), text);
  else process.stdout.write(text);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
