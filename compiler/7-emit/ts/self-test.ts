/** What is about to be written is run first: a module that does not give the trainer's logits is a bug of ours. */

import type { SelfTestResult } from '../../../templates/support/types.ts';
import { EmitError } from '../emit-error.ts';
import type { Proof } from '../targets.ts';
import type { BundleFiles } from './emit.ts';
import { loadModule } from './load-module.ts';
import type { Metadata } from './metadata.ts';

export async function selfTest(files: BundleFiles): Promise<Proof> {
  const { create } = await loadModule(new TextDecoder().decode(files.get('model.mjs')));
  const weights = files.get('weights.bin');
  const selfTests: SelfTestResult[] = [];
  for (const backend of ['simd', 'js'] as const) {
    const model = await create({ backend, ...(weights ? { weights } : {}) });
    selfTests.push(model.selfTest());
  }
  const failed = selfTests.find(({ passed }) => !passed);
  if (failed) {
    throw new EmitError({
      code: 'E703',
      message: `the module does not give the trainer's logits: ${failed.backend} is off by ${failed.maxDifference}`,
      hint: 'nothing was written; if the weights are numbers, this is a bug of netlathe',
    });
  }
  return { lines: [...roundingLines(files), ...selfTests.map(lineOf)], json: { selfTests } };
}

function roundingLines(files: BundleFiles): readonly string[] {
  const metadata = JSON.parse(new TextDecoder().decode(files.get('metadata.json'))) as Metadata;
  const { type, rounding } = metadata.weights;
  return type === 'fp32' ? [] : [`${type} moves the logits by ${rounding.toPrecision(2)} at most`];
}

function lineOf({ backend, exact, maxDifference, vectors }: SelfTestResult): string {
  const result = exact ? 'bit-equal' : `within ${maxDifference.toPrecision(2)}`;
  return `self test of ${vectors} images, ${backend}: ${result}`;
}
