/**
 * `npm run prove:interop [tflite] [network...]`: every network of the zoo and 40 that are drawn at random, exported with random
 * weights and read by the real onnx, onnxruntime, torch and LiteRT. Their logits must be netlathe's within 1e-4 of the largest,
 * their counts the same. And the other way: torchvision's classics, read into the zoo; with random weights too, so that
 * nothing has to be downloaded.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { emitPytorch } from '../compiler/7-emit/pytorch/emit.ts';
import { modulePaths } from '../compiler/7-emit/pytorch/tree.ts';
import type { EmitInput } from '../compiler/7-emit/ts/emit.ts';
import type { Graph } from '../compiler/graph/graph.ts';
import { classics, importedApart } from './interop/import.ts';
import { checkLitert } from './interop/litert.ts';
import { generatedInputs, zooInput, zooNames } from './interop/networks.ts';
import { prepareOnnx, write } from './interop/onnx.ts';
import { askPython } from './interop/python.ts';

const tolerance = 1e-4;

type Networks = ReadonlyMap<string, EmitInput>;

interface Result {
  readonly onnx: number;
  readonly inside: number;
  readonly torch: number;
  readonly onnxParams: number;
  readonly torchParams: number;
  readonly torchStatistics: number;
  readonly sameNames: boolean;
}

/** The files of a network, and netlathe's own logits, in a folder of its name. */
async function prepare(input: EmitInput, folder: string): Promise<void> {
  await prepareOnnx(input, folder);
  await write(folder, emitPytorch(input));
}

const exponent = (n: number) => n.toExponential(1);

/** Whether PyTorch cannot bear a name, so that it has another than ONNX; a dash is all the zoo has of the kind. */
function isRenamed(graph: Graph): boolean {
  return [...modulePaths(graph)].some(
    ([node, path]) => node.weights.length > 0 && path.join('.') !== node.name.replaceAll('-', '_'),
  );
}

function judge(name: string, input: EmitInput, result: Result): boolean {
  const { trainable, nonTrainable } = input.counts.params;
  const { onnx, inside, torch } = result;
  const counts =
    result.torchParams === trainable &&
    result.torchStatistics === nonTrainable &&
    result.onnxParams === trainable + nonTrainable;
  const ok =
    counts &&
    [onnx, inside, torch].every((n) => n <= tolerance) &&
    (result.sameNames || isRenamed(input.graph));
  const cells = [
    ...[name, trainable.toLocaleString('en-US'), counts ? 'equal' : 'DIFFER'],
    ...[exponent(onnx), exponent(inside), exponent(torch), ok ? 'yes' : 'NO'],
  ];
  process.stdout.write(`| ${cells.join(' | ')} |\n`);
  return ok;
}

async function checkExports(inputs: Networks, folder: string): Promise<number> {
  const folders = [...inputs.keys()].map((name) => path.join(folder, name));
  for (const [i, [name, input]] of [...inputs].entries()) {
    await prepare(input, folders[i] as string);
    process.stderr.write(`${name} exported\n`);
  }
  const results = await askPython<readonly Result[]>('exports.py', folders);
  process.stdout.write('| network | params | counts | onnxruntime | bytes in | torch | holds |\n');
  process.stdout.write('| --- | --- | --- | --- | --- | --- | --- |\n');
  return [...inputs].filter(([name, input], i) => !judge(name, input, results[i] as Result)).length;
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

/** The words after `npm run prove:interop --`: networks, or `generated` for those alone; `tflite` for LiteRT alone. */
const words = process.argv.slice(2).filter((word) => word !== 'tflite');
const onlyLitert = process.argv.includes('tflite');
const generated = generatedInputs(40).map((input, i) => [`generated ${i + 1}`, input] as const);
const chosen = words.length > 0 ? words : zooNames;
const zoo = chosen.filter((name) => name !== 'generated');
const inputs = new Map([...zoo.map((name) => [name, zooInput(name)] as const), ...generated]);
const folder = mkdtempSync(path.join(tmpdir(), 'netlathe-interop-'));
let failures = 0;
try {
  if (!onlyLitert) failures += await checkExports(inputs, folder);
  failures += await checkLitert(inputs, path.join(folder, 'litert'));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (!onlyLitert) failures += await checkImports(chosen.filter((name) => name in classics));
process.stdout.write(`\n${failures === 0 ? 'all agree' : `${failures} DO NOT AGREE`}\n`);
process.exitCode = failures === 0 ? 0 : 1;
