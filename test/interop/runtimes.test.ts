/**
 * Emitted files in the real onnxruntime and LiteRT: a part of `npm run prove:interop` that is fast enough for every change.
 * `npm run interop:install` makes the environment; CI does, and there its absence is a failure.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import type { EmitInput } from '../../compiler/7-emit/ts/emit.ts';
import {
  agrees,
  foldedParams,
  type LitertResult,
  prepareLitert,
} from '../../scripts/interop/litert.ts';
import { generatedInputs, zooInput } from '../../scripts/interop/networks.ts';
import { prepareOnnx } from '../../scripts/interop/onnx.ts';
import { askPython, foundPython } from '../../scripts/interop/python.ts';

const isThere = foundPython('runtimes') !== undefined;

interface Result {
  readonly onnx: { readonly onnx: number; readonly inside: number; readonly params: number };
  readonly litert: LitertResult;
}

/** Small ones that differ: between them every kind of convolution, pooling, joint and norm of the zoo. */
const zoo = [
  ...['student', 'student-group', 'resnet20-cifar', 'densenet-bc-40-12', 'mobilenet-v3-small'],
  ...['shufflenet-v2-x0.5', 'squeezenet1.1'],
];
const drawn = 12;

test.runIf(process.env.CI)('CI has the runtimes', () => {
  expect(isThere).toBe(true);
});

describe.skipIf(!isThere)('in onnxruntime and LiteRT (npm run interop:install)', () => {
  let folder: string;
  const inputs = new Map<string, EmitInput>();
  const results = new Map<string, Result>();

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'netlathe-runtimes-'));
    for (const name of zoo) inputs.set(name, zooInput(name));
    for (const [i, input] of generatedInputs(drawn).entries()) inputs.set(`drawn ${i}`, input);
    for (const [name, input] of inputs) {
      await prepareOnnx(input, path.join(folder, name, 'onnx'));
      await prepareLitert(input, path.join(folder, name, 'litert'));
    }
    const folders = [...inputs.keys()].map((name) => path.join(folder, name));
    const found = await askPython<readonly Result[]>('runtimes.py', folders, 'runtimes');
    for (const [i, name] of [...inputs.keys()].entries()) results.set(name, found[i] as Result);
  }, 600_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each([...zoo, ...Array.from({ length: drawn }, (_, i) => `drawn ${i}`)])('%s', (name) => {
    const input = inputs.get(name) as EmitInput;
    const { onnx, litert } = results.get(name) as Result;
    const { trainable, nonTrainable } = input.counts.params;
    expect(onnx.onnx).toBeLessThanOrEqual(1e-4);
    expect(onnx.inside).toBeLessThanOrEqual(1e-4);
    expect(onnx.params).toBe(trainable + nonTrainable);
    expect({ ...litert, agrees: agrees(litert) }).toMatchObject({ agrees: true });
    expect(litert.params).toBe(foldedParams(input));
  });
});
