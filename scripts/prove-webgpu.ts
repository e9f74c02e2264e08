/**
 * `npm run prove:webgpu`: netlathe packed and installed with its two GPU peers in an empty folder, as a user does it. The
 * loss curves of the GPU must be the wasm engine's, network by network; a run must end by itself, be stopped by Ctrl-C, go
 * on, and leave weights that `eval` reads; without a GPU it must be refused. Written to docs/results/webgpu.md.
 *
 *   --icd FILE    Vulkan's description of a driver; without it, the SwiftShader of Debian's chromium, which needs no GPU
 *   --own         the machine's own GPU
 *   --steps N     for each network (6)
 */

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { webgpuPeers } from '../runtime/train/tfjs/index.ts';
import { makeJob, root } from './proofs/job.ts';
import type { Curves } from './webgpu/curves.ts';
import { cases, yamlOf } from './webgpu/networks.ts';

const { values } = parseArgs({
  options: {
    icd: { type: 'string', default: '/usr/lib/chromium/vk_swiftshader_icd.json' },
    own: { type: 'boolean', default: false },
    steps: { type: 'string', default: '6' },
  },
});

/** Of losses and logits, whose sums of floats run in another order on a GPU. */
const tolerance = 1e-4;
const say = (line: string) => void process.stderr.write(`${line}\n`);
const started = performance.now();
const folder = mkdtempSync(path.join(tmpdir(), 'netlathe-webgpu-'));
const at = (...names: readonly string[]) => path.join(folder, ...names);

function must(condition: boolean, text: string): void {
  if (!condition) throw new Error(text);
}

function npm(...args: readonly string[]): void {
  const cwd = args[0] === 'pack' ? root : folder;
  const { status, stderr } = spawnSync('npm', args, { cwd, encoding: 'utf8' });
  must(status === 0, `npm ${args[0]}: ${stderr}`);
}

function install(): void {
  say('installing');
  npm('pack', '--ignore-scripts', '--pack-destination', folder);
  const archive = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  writeFileSync(at('package.json'), '{ "private": true }');
  const peers = Object.entries(webgpuPeers).map(([name, version]) => `${name}@${version}`);
  npm('install', '--ignore-scripts', '--no-audit', '--no-fund', `./${archive}`, ...peers);
}

function gpuEnvironment(): NodeJS.ProcessEnv {
  if (values.own) return process.env;
  must(
    existsSync(values.icd),
    `there is no ${values.icd}: name one with --icd, or --own for a GPU`,
  );
  // Beside the driver lies the Vulkan loader that it comes with.
  const library = [path.dirname(values.icd), process.env.LD_LIBRARY_PATH].filter(Boolean).join(':');
  return { ...process.env, VK_ICD_FILENAMES: values.icd, LD_LIBRARY_PATH: library };
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

/** `stopAt`: the text at which Ctrl-C is pressed. */
function start(args: readonly string[], env: NodeJS.ProcessEnv, stopAt?: string): Promise<Ended> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, env });
    const written = { stdout: '', stderr: '' };
    let pressed = false;
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        written[name] += text;
        if (pressed || stopAt === undefined || !written[name].includes(stopAt)) return;
        pressed = true;
        child.kill('SIGINT');
      });
    }
    child.once('error', reject);
    child.once('close', (code, signal) => {
      const seconds = (performance.now() - began) / 1000;
      const stderr = signal ? `${written.stderr}\nended by ${signal}` : written.stderr;
      resolve({ code, stdout: written.stdout, stderr, seconds });
    });
  });
}

async function curves(env: NodeJS.ProcessEnv): Promise<Curves> {
  say('curves');
  const script = path.join(root, 'scripts/webgpu/curves.ts');
  const args = ['--import', 'tsx', script, at('package.json'), values.steps];
  const { code, stdout, stderr } = await start(args, env);
  must(code === 0, `curves: ${code}\n${stderr}`);
  return JSON.parse(stdout) as Curves;
}

const farthest = (a: readonly number[], b: readonly number[]) =>
  Math.max(...a.map((x, i) => Math.abs(x - (b[i] ?? Number.NaN))));

function checkCurves({ networks, unused }: Curves): void {
  must(unused.length === 0, `no network has ${unused.join(', ')}`);
  for (const { name, own, gpu, tensors, gpuBytes } of networks) {
    const [losses, logits] = [farthest(own.losses, gpu.losses), farthest(own.logits, gpu.logits)];
    must(losses < tolerance, `${name}: losses ${losses} apart`);
    must(logits < tolerance, `${name}: logits ${logits} apart`);
    must(tensors[0] === tensors[1] && tensors[2] === 0, `${name}: tensors ${tensors.join(', ')}`);
    must(gpuBytes[0] === gpuBytes[1], `${name}: bytes ${gpuBytes.join(', ')}`);
  }
}

/** What the installed command line does, as lines of the record. */
async function commandLine(env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const bin = at('node_modules/netlathe/dist/cli/bin.js');
  const yaml = yamlOf((cases[0] as (typeof cases)[number]).layers);
  mkdirSync(at('job'));
  const job = await makeJob(at('job'), yaml, { training: 6, validation: 3, side: 20 });
  const files = ['--arch', job.architecture, '--data', job.photos, '--cache', at('cache')];
  const train = (out: string, ...more: readonly string[]) => [
    ...[bin, 'train', ...files, '--out', at(out), '--batch', '6', '--epochs', '3', '--json'],
    ...['--engine', 'tfjs', '--backend', 'webgpu', ...more],
  ];
  const lines: string[] = [];
  const check = async (what: string, code: number, args: readonly string[], stopAt?: string) => {
    say(what);
    const ended = await start(args, env, stopAt);
    must(ended.code === code, `${what}: exit code ${ended.code}\n${ended.stderr}`);
    lines.push(`| ${what} | ${code} | ${ended.seconds.toFixed(0)} |`);
    return ended;
  };
  await check('`train`, 3 epochs', 0, train('straight'));
  await check('Ctrl-C after the first epoch', 130, train('cut'), '"event":"epoch"');
  await check('`--resume`', 0, train('cut', '--resume'));
  const evaluation = await check('`eval` of what came out', 0, [
    ...[bin, 'eval', '--model', at('cut'), '--data', job.photos, '--cache', at('cache'), '--json'],
  ]);
  must(JSON.parse(evaluation.stdout).count === 9, `eval judged ${evaluation.stdout.slice(0, 200)}`);
  must(existsSync(at('cut/model/model.json')), 'no TensorFlow.js model was left');
  const other = ['--engine', 'tfjs', '--backend', 'cpu', '--resume'];
  const refused = await check('`--resume --backend cpu`', 2, train('straight', ...other));
  must(refused.stderr.includes('E541'), refused.stderr);
  return lines;
}

async function withoutGpu(): Promise<string> {
  const env = { ...process.env, VK_ICD_FILENAMES: at('none.json'), LD_LIBRARY_PATH: '' };
  const bin = at('node_modules/netlathe/dist/cli/bin.js');
  const flags = ['--engine', 'tfjs', '--backend', 'webgpu'];
  const { code, stderr } = await start(
    [bin, 'train', '--arch', 'student', '--data', at('job/photos'), ...flags],
    env,
  );
  must(code === 2 && stderr.includes('E551'), `without a GPU: ${code} ${stderr}`);
  must(!/\n {4}at .*\.js/.test(stderr), `a stack: ${stderr}`);
  return '| no driver at all: refused with E551 | 2 | |';
}

function page({ device, networks }: Curves, lines: readonly string[]): string {
  const peers = Object.entries(webgpuPeers).map(([name, version]) => `${name} ${version}`);
  const rows = networks.map(({ name, own, gpu, tensors }) => {
    const [losses, logits] = [farthest(own.losses, gpu.losses), farthest(own.logits, gpu.logits)];
    return `| ${name} | ${losses.toExponential(1)} | ${logits.toExponential(1)} | ${tensors[1]} | ${own.milliseconds.toFixed(1)} | ${gpu.milliseconds.toFixed(0)} |`;
  });
  const steps = networks.flatMap(({ own, gpu }, n) =>
    own.losses.map(
      (loss, i) =>
        `| ${n + 1} | ${i + 1} | ${loss.toFixed(7)} | ${gpu.losses[i]?.toFixed(7)} | ${Math.abs(loss - (gpu.losses[i] ?? Number.NaN)).toExponential(1)} |`,
    ),
  );
  return `# Training by WebGPU

\`npm run prove:webgpu\`: ${peers.join(', ')}, Node ${process.version}, ${cpus()[0]?.model}, ${cpus().length} cores, a machine that was
busy with other work. The device is **${device}**${device.startsWith('SwiftShader') ? ', which computes on the CPU: the times say nothing about a GPU, and none was at hand' : ''}.

netlathe's own engine (strict) and the GPU with the same weights, photos, augmentation and formulas; 16 x 16 pixels, batch
6, seed 3, ${networks[0]?.own.losses.length} steps. Together the networks use every op of the language. Tensors: as many after the last step as
after the first, and none once all is closed.

| network and recipe | losses apart, at most | logits apart | tensors | ms a step, wasm | ms a step, GPU |
| --- | --- | --- | --- | --- | --- |
${rows.join('\n')}

netlathe installed from its package beside the two peers:

| what | exit code | seconds |
| --- | --- | --- |
${lines.join('\n')}

## Step by step

| network | step | wasm | GPU | apart |
| --- | --- | --- | --- | --- |
${steps.join('\n')}
`;
}

const env = gpuEnvironment();
install();
const measured = await curves(env);
checkCurves(measured);
const lines = [...(await commandLine(env)), await withoutGpu()];
writeFileSync(path.join(root, 'docs/results/webgpu.md'), page(measured, lines));
rmSync(folder, { recursive: true });
say(`all hold, after ${((performance.now() - started) / 60_000).toFixed(1)} minutes`);
