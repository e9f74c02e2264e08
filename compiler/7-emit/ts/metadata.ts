/** metadata.json: everything about a bundle that a program may want to know. */

import { type BundleFiles, type Emission, sha256 } from './emit.ts';
import { banner } from './header.ts';
import type { Int8Quality } from './int8-quality.ts';

export const metadataVersion = 1;

export interface Metadata {
  readonly generator: string;
  readonly version: number;
  readonly target: string;
  readonly name: string;
  readonly netlathe: string;
  readonly source: { readonly sha256: string };
  readonly classes: number;
  readonly input: { readonly height: number; readonly width: number; readonly channels: number };
  readonly preprocessing: object;
  readonly counts: object;
  /** `rounding`: how far it moves the logits of the recorded images. */
  readonly weights: {
    readonly type: string;
    readonly file: string | null;
    readonly bytes: number;
    readonly sha256: string;
    readonly rounding: number;
  };
  /** What int8 costs. */
  readonly int8: Int8Quality | null;
  readonly memory: object;
  /** `exact`: all backends give the same bits. */
  readonly selfTest: {
    readonly vectors: number;
    readonly logits: string;
    readonly exact: boolean;
  };
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;
}

export function metadataOf(emission: Emission, files: BundleFiles): Metadata {
  const { input, options, plan, spec, weightsHash } = emission;
  const { info } = spec;
  const { mean, std, resize } = input.graph.preprocessing;
  return {
    generator: banner,
    version: metadataVersion,
    target: 'ts',
    name: info.name,
    netlathe: info.netlathe,
    source: { sha256: info.source },
    classes: info.classes,
    input: info.input,
    preprocessing: {
      resize,
      filter: 'triangle over the whole crop, in whole numbers, each direction rounded to 8 bits',
      alpha: 'over white',
      mean,
      std,
    },
    counts: { params: info.params, macs: info.macs, calls: plan.steps.length },
    weights: {
      type: info.weights,
      file: options.embed ? null : 'weights.bin',
      bytes: info.weightBytes,
      sha256: weightsHash,
      rounding: emission.rounding,
    },
    int8: emission.quality ?? null,
    memory: {
      bytes: plan.memoryBytes,
      weights: plan.weightsEnd,
      activations: plan.memoryBytes - plan.weightsEnd,
    },
    selfTest: {
      vectors: spec.tests.length,
      exact: Object.values(spec.tolerance).every((share) => share === 0),
      logits: sha256(spec.tests.map(({ logits }) => logits).join('\n')),
    },
    files: listOf(files),
  };
}

function listOf(files: BundleFiles): Metadata['files'] {
  return Object.fromEntries(
    [...files].map(([name, contents]) => [
      name,
      { bytes: contents.length, sha256: sha256(contents) },
    ]),
  );
}

/** The metadata.json of a bundle that holds a module and more. */
export function metadataFor(target: string, module: BundleFiles, files: BundleFiles): Metadata {
  const own = JSON.parse(Buffer.from(module.get('metadata.json') ?? '').toString()) as Metadata;
  return { ...own, target, files: listOf(files) };
}
