/** What is about to be written is run first: a module that does not give the trainer's logits is a bug of ours. */

import type { SelfTestResult } from '../../../templates/support/types.ts';
import { EmitError } from '../emit-error.ts';
import type { Proof } from '../targets.ts';
import type { BundleFiles } from './emit.ts';
import { type Int8Quality, worstLayers } from './int8-quality.ts';
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
  return resultOf(files, selfTests);
}

/** What is told of self tests; a failed one is thrown. */
export function resultOf(files: BundleFiles, selfTests: readonly SelfTestResult[]): Proof {
  const failed = selfTests.find(({ passed }) => !passed);
  if (failed) {
    throw new EmitError({
      code: 'E703',
      message: `the module does not give the trainer's logits: ${failed.backend} is off by ${failed.maxDifference}`,
      hint: 'nothing was written; if the weights are numbers, this is a bug of netlathe',
    });
  }
  const metadata = JSON.parse(new TextDecoder().decode(files.get('metadata.json'))) as Metadata;
  const { int8 } = metadata;
  return {
    lines: [...(int8 ? int8Lines(int8) : roundingLines(metadata)), ...selfTests.map(lineOf)],
    json: { selfTests, ...(int8 ? { int8 } : {}) },
  };
}

function roundingLines({ weights: { type, rounding } }: Metadata): readonly string[] {
  return type === 'fp32' ? [] : [`${type} moves the logits by ${rounding.toPrecision(2)} at most`];
}

/** Points of accuracy that int8 may lose before more than the figures is said. */
const tolerable = 0.005;

function int8Lines(quality: Int8Quality): readonly string[] {
  const { photos, agreement, accuracy, trainedAccuracy, calibrated, kept, floats } = quality;
  const percent = (share: number) => `${(100 * share).toFixed(1)}%`;
  const worst = worstLayers(quality.layers, 3);
  const [first] = worst;
  const lines = [
    `int8 of ${calibrated} training photos: top-1 ${percent(accuracy)} of ${photos} photos, fp32 ${percent(trainedAccuracy)}; the same class on ${percent(agreement)}`,
    `most noise is added by ${worst.map(({ layer, decibels, lost }) => `${layer} (${lost.toFixed(1)} dB, to ${decibels.toFixed(1)})`).join(', ')}`,
  ];
  if (kept.length > 0) lines.push(`kept in floats: ${kept.join(', ')}`);
  const others = floats.filter((name) => !kept.includes(name));
  if (others.length > 0) lines.push(`in floats for want of an int8 form: ${others.join(', ')}`);
  if (trainedAccuracy - accuracy > tolerable && first) {
    lines.push(
      `help: --keep ${first.layer} leaves that layer in floats, --calibrate ${4 * calibrated} looks at more photos`,
    );
  }
  return lines;
}

function lineOf({ backend, exact, maxDifference, vectors }: SelfTestResult): string {
  const result = exact ? 'bit-equal' : `within ${maxDifference.toPrecision(2)}`;
  return `self test of ${vectors} images, ${backend}: ${result}`;
}
