/**
 * `npm run prove:interop [network...]`: every network of the zoo, exported with random weights and read by the real onnx,
 * onnxruntime and torch. Their logits must be netlathe's within 1e-4 of the largest, their counts the same. And the other
 * way: torchvision's classics, with random weights since none can be downloaded here, read into the zoo.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { emitOnnx } from '../compiler/7-emit/onnx/emit.ts';
import { emitPytorch } from '../compiler/7-emit/pytorch/emit.ts';
import type { BundleFiles } from '../compiler/7-emit/ts/emit.ts';
import { writeFileAtomic } from '../runtime/files/atomic-write.ts';
import { classics, importedApart } from './interop/import.ts';
import { expectedFile, zooInput, zooNames } from './interop/networks.ts';
import { askPython } from './interop/python.ts';

const tolerance = 1e-4;

interface Result {
  readonly onnx: number;
  readonly inside: number;
  readonly torch: number;
  readonly onnxParams: number;
  readonly torchParams: number;
  readonly torchStatistics: number;
  readonly sameNames: boolean;
}

async function write(folder: string, files: BundleFiles): Promise<void> {
  for (const [file, contents] of files) await writeFileAtomic(path.join(folder, file), contents);
}

/** The files of a network, and netlathe's own logits, in a folder of its name. */
async function prepare(name: string, folder: string): Promise<void> {
  const input = zooInput(name);
  await write(folder, emitOnnx(input, { preprocess: 'outside' }));
  await write(path.join(folder, 'inside'), emitOnnx(input, { preprocess: 'inside' }));
  await write(folder, emitPytorch(input));
  const expected = await expectedFile(input.graph, input.weights);
  await write(folder, new Map([['expected.safetensors', expected]]));
}

const exponent = (n: number) => n.toExponential(1);

function judge(name: string, result: Result): boolean {
  const { trainable, nonTrainable } = zooInput(name).counts.params;
  const { onnx, inside, torch } = result;
  const counts =
    result.torchParams === trainable &&
    result.torchStatistics === nonTrainable &&
    result.onnxParams === trainable + nonTrainable;
  const ok = counts && [onnx, inside, torch].every((n) => n <= tolerance) && result.sameNames;
  const cells = [
    ...[name, trainable.toLocaleString('en-US'), counts ? 'equal' : 'DIFFER'],
    ...[exponent(onnx), exponent(inside), exponent(torch), ok ? 'yes' : 'NO'],
  ];
  process.stdout.write(`| ${cells.join(' | ')} |\n`);
  return ok;
}

async function checkExports(names: readonly string[], folder: string): Promise<number> {
  const folders = names.map((name) => path.join(folder, name));
  for (const [i, name] of names.entries()) {
    await prepare(name, folders[i] as string);
    process.stderr.write(`${name} exported\n`);
  }
  const results = await askPython<readonly Result[]>('exports.py', folders);
  process.stdout.write('| network | params | counts | onnxruntime | bytes in | torch | holds |\n');
  process.stdout.write('| --- | --- | --- | --- | --- | --- | --- |\n');
  return names.filter((name, i) => !judge(name, results[i] as Result)).length;
}

async function checkImports(names: readonly string[]): Promise<number> {
  const differences = await importedApart(names);
  process.stdout.write("\n| torchvision's | logits apart | holds |\n| --- | --- | --- |\n");
  for (const [name, difference] of differences) {
    const holds = difference <= tolerance ? 'yes' : 'NO';
    process.stdout.write(`| ${classics[name]} | ${exponent(difference)} | ${holds} |\n`);
  }
  return [...differences.values()].filter((difference) => !(difference <= tolerance)).length;
}

const chosen = process.argv.length > 2 ? process.argv.slice(2) : zooNames;
const folder = mkdtempSync(path.join(tmpdir(), 'netlathe-interop-'));
let failures = 0;
try {
  failures += await checkExports(chosen, folder);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
failures += await checkImports(chosen.filter((name) => name in classics));
process.stdout.write(`\n${failures === 0 ? 'all agree' : `${failures} DO NOT AGREE`}\n`);
process.exitCode = failures === 0 ? 0 : 1;
