/** Every network as a .tflite file, run by LiteRT with its plain kernels and with XNNPACK. */

import path from 'node:path';
import { emitTflite } from '../../compiler/7-emit/tflite/emit.ts';
import type { EmitInput } from '../../compiler/7-emit/ts/emit.ts';
import { writeBundle } from '../../compiler/7-emit/write-bundle.ts';
import { expectedFile } from './networks.ts';
import { askPython } from './python.ts';

export interface LitertResult {
  readonly plain: number;
  readonly xnnpack: number;
  readonly inside: number;
  /** With kernels in half floats; those of netlathe are floats. */
  readonly half: number;
  readonly params: number;
}

const tolerance = 1e-4;
const halfTolerance = 2e-2;

/** Prints a table; gives the number of networks that do not agree. */
export async function checkLitert(
  inputs: ReadonlyMap<string, EmitInput>,
  folder: string,
): Promise<number> {
  const folders = [...inputs.keys()].map((name) => path.join(folder, name));
  for (const [i, [name, input]] of [...inputs].entries()) {
    await prepareLitert(input, folders[i] as string);
    process.stderr.write(`${name} exported\n`);
  }
  const results = await askPython<readonly LitertResult[]>('litert.py', folders);
  process.stdout.write('| network | folded params | counts | plain | XNNPACK | bytes in | fp16 |');
  process.stdout.write(' holds |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n');
  return [...inputs].filter(([name, input], i) => !judge(name, input, results[i] as LitertResult))
    .length;
}

export async function prepareLitert(input: EmitInput, folder: string): Promise<void> {
  const write = (place: string, weights: 'fp32' | 'fp16', preprocess: 'inside' | 'outside') =>
    writeBundle(path.join(folder, place), emitTflite(input, { weights, preprocess }), {
      force: false,
    });
  await write('', 'fp32', 'outside');
  await write('inside', 'fp32', 'inside');
  await write('half', 'fp16', 'outside');
  const expected = await expectedFile(input.graph, input.weights);
  await writeBundle(folder, new Map([['expected.safetensors', expected]]), { force: true });
}

/** Counts are those of the weights once batch norms are folded. */
export const foldedParams = ({ counts }: EmitInput): number => counts.weightBytes.fp32 / 4;

export const agrees = ({ plain, xnnpack, inside, half }: LitertResult): boolean =>
  [plain, xnnpack, inside].every((n) => n <= tolerance) && half <= halfTolerance;

function judge(name: string, input: EmitInput, result: LitertResult): boolean {
  const folded = foldedParams(input);
  const { plain, xnnpack, inside, half } = result;
  const sameCount = result.params === folded;
  const ok = sameCount && agrees(result);
  const cells = [
    ...[name, folded.toLocaleString('en-US'), sameCount ? 'equal' : 'DIFFER'],
    ...[plain, xnnpack, inside, half].map((n) => n.toExponential(1)),
    ok ? 'yes' : 'NO',
  ];
  process.stdout.write(`| ${cells.join(' | ')} |\n`);
  return ok;
}
