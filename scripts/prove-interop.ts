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

async function check(name: string, folder: string): Promise<boolean> {
  const input = zooInput(name);
  await write(folder, emitOnnx(input, { preprocess: 'outside' }));
  await write(path.join(folder, 'inside'), emitOnnx(input, { preprocess: 'inside' }));
  await write(folder, emitPytorch(input));
  const expected = await expectedFile(input.graph, input.weights);
  await write(folder, new Map([['expected.safetensors', expected]]));
  const [result] = (await askPython<readonly Result[]>('exports.py', [folder])) as readonly [
    Result,
  ];
  const { trainable, nonTrainable } = input.counts.params;
  const counts =
    result.torchParams === trainable &&
    result.torchStatistics === nonTrainable &&
    result.onnxParams === trainable + nonTrainable;
  const close = [result.onnx, result.inside, result.torch].every((n) => n <= tolerance);
  const ok = counts && close && result.sameNames;
  const number = (n: number) => n.toExponential(1);
  process.stdout.write(
    `| ${name} | ${trainable.toLocaleString('en-US')} | ${counts ? 'equal' : 'DIFFER'} | ${number(result.onnx)} | ${number(result.inside)} | ${number(result.torch)} | ${ok ? 'yes' : 'NO'} |\n`,
  );
  return ok;
}

const chosen = process.argv.length > 2 ? process.argv.slice(2) : zooNames;
process.stdout.write('| network | params | counts | onnxruntime | bytes in | torch | holds |\n');
process.stdout.write('| --- | --- | --- | --- | --- | --- | --- |\n');
let failures = 0;
for (const name of chosen) {
  const folder = mkdtempSync(path.join(tmpdir(), 'netlathe-interop-'));
  try {
    if (!(await check(name, folder))) failures++;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
process.stdout.write("\n| torchvision's | logits apart | holds |\n| --- | --- | --- |\n");
for (const name of chosen.filter((each) => each in classics)) {
  const difference = await importedApart(name);
  const ok = difference <= tolerance;
  if (!ok) failures++;
  process.stdout.write(
    `| ${classics[name]} | ${difference.toExponential(1)} | ${ok ? 'yes' : 'NO'} |\n`,
  );
}
process.stdout.write(`\n${failures === 0 ? 'all agree' : `${failures} DO NOT AGREE`}\n`);
process.exitCode = failures === 0 ? 0 : 1;
