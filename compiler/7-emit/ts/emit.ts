/**
 * Phase 7, emit, target `ts`: a trained network as a module that needs nothing else. The files as contents by name; who
 * calls writes them. The same network gives the same bytes.
 */

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ImageSet } from '../../../runtime/data/index.ts';
import { kernelFile } from '../../../runtime/kernels/load.ts';
import * as byteKernels from '../../../runtime/kernels/plain/bytes.ts';
import type { Recipe } from '../../../runtime/train/recipe.ts';
import type { Teacher } from '../../../runtime/train/teacher.ts';
import { bytesOfBase64 } from '../../../templates/support/base64.ts';
import type { Model, ModelSpec, TestVector } from '../../../templates/support/types.ts';
import type { Verdict } from '../../5-budget/check.ts';
import type { Counts } from '../../5-budget/counts.ts';
import { headsOf } from '../../6-lower/inference-units.ts';
import type { Quantization } from '../../6-lower/int8/lower.ts';
import { normsOf } from '../../6-lower/photos.ts';
import type { Graph } from '../../graph/graph.ts';
import type { WeightStore } from '../../weights/index.ts';
import { EmitError } from '../emit-error.ts';
import { stripModule } from '../wasm/strip.ts';
import { inputsOf, observe } from './calibrate.ts';
import { headerOf } from './header.ts';
import { type Int8Quality, int8Quality } from './int8-quality.ts';
import { loadModule } from './load-module.ts';
import { metadataOf } from './metadata.ts';
import { type ModulePlan, planModule } from './plan.ts';
import { sourceFiles } from './source.ts';
import { testVectors } from './test-vectors.ts';
import { type WeightsFile, type WeightType, weightsFile } from './weights-file.ts';

/** A network with its weights, and what is to be said about it. */
export interface EmitInput {
  readonly graph: Graph;
  readonly weights: WeightStore;
  readonly counts: Counts;
  readonly verdicts: readonly Verdict[];
  /** The architecture's text. */
  readonly source: string;
  readonly netlathe: string;
  /** How it is trained, where it is a target's business. */
  readonly recipe?: Recipe;
  /** That the recipe names. */
  readonly teacher?: Teacher;
}

/** What int8 is made with. */
export interface Int8Options {
  readonly training: ImageSet;
  /** Photos that the report is made with. */
  readonly validation: ImageSet;
  /** How many of the training photos are looked at. */
  readonly calibrate: number;
  readonly seed: number;
  /** Layers that stay in floats. */
  readonly keep: readonly string[];
}

export interface EmitOptions {
  readonly weights: WeightType;
  readonly int8?: Int8Options;
  readonly embed: boolean;
  /** Whether the relaxed kernels go in beside the strict ones. */
  readonly relaxed: boolean;
}

export type BundleFiles = ReadonlyMap<string, Uint8Array>;

/** Everything that the files are made of. */
export interface Emission {
  readonly input: EmitInput;
  readonly options: EmitOptions;
  readonly plan: ModulePlan;
  readonly weights: WeightsFile;
  readonly weightsHash: string;
  /** How far rounded weights move the logits of the recorded images. */
  readonly rounding: number;
  readonly quality?: Int8Quality | undefined;
  readonly spec: ModelSpec;
}

export async function emitModule(input: EmitInput, options: EmitOptions): Promise<BundleFiles> {
  return allFiles(await emissionOf(input, options));
}

/** All that is computed, before it becomes files. */
export async function emissionOf(input: EmitInput, options: EmitOptions): Promise<Emission> {
  refuse(input.graph);
  const quantization = await quantizationOf(input, options);
  const plan = await planModule(input.graph, input.weights, quantization);
  const weights = weightsFile(plan, options.weights);
  const untested: Emission = {
    input,
    options,
    plan,
    weights,
    weightsHash: sha256(weights.bytes),
    rounding: 0,
    spec: await specOf(input, options, plan, weights, []),
  };
  const { tests, rounding, model } = await recorded(untested);
  const quality =
    quantization && options.int8 && model
      ? await int8Quality(input, quantization, options.int8, model, plan.floats)
      : undefined;
  return { ...untested, rounding, quality, spec: { ...untested.spec, tests } };
}

async function quantizationOf(
  { graph, weights }: EmitInput,
  { weights: type, int8 }: EmitOptions,
): Promise<Quantization | undefined> {
  if (type !== 'int8') return undefined;
  if (!int8) throw new Error('netlathe bug: int8 weights without photos to calibrate with');
  const unknown = int8.keep.find((name) => !graph.nodes.some((node) => node.name === name));
  if (unknown !== undefined) {
    throw new EmitError({
      code: 'E711',
      message: `there is no layer ${JSON.stringify(unknown)} to keep in floats`,
      hint: `the layers are ${graph.nodes.map(({ name }) => name).join(', ')}`,
    });
  }
  const inputs = inputsOf(graph, int8.training, int8.calibrate, int8.seed);
  const heads = headsOf(graph);
  const keep = new Set(int8.keep.map((name) => heads.get(name) ?? name));
  return { seen: await observe(graph, weights, inputs), keep };
}

function refuse({ input, name }: Graph): void {
  if (input.channels === 1 || input.channels === 3) return;
  throw new EmitError({
    code: 'E701',
    message: `${JSON.stringify(name)} takes ${input.channels} channels: a module takes photos, in colour (3) or grey (1)`,
    hint: 'set input.channels to 3 or 1 and train again',
  });
}

async function specOf(
  { graph, counts, source, netlathe }: EmitInput,
  options: EmitOptions,
  plan: ModulePlan,
  { bytes, fingerprint, parts }: WeightsFile,
  tests: readonly TestVector[],
): Promise<ModelSpec> {
  const { height, width, channels } = graph.input;
  const pages = Math.ceil(plan.memoryBytes / 65536);
  const code = async (build: 'strict' | 'relaxed'): Promise<string> =>
    base64(stripModule(await readFile(kernelFile(build)), plan.kernels, pages));
  return {
    info: {
      name: graph.name,
      input: { height, width, channels },
      classes: graph.classes.length,
      weights: options.weights,
      weightBytes: bytes.length,
      memoryBytes: plan.memoryBytes,
      params: counts.params.trainable,
      macs: counts.macs,
      source: sha256(source),
      netlathe,
    },
    labels: graph.classes,
    resize: graph.preprocessing.resize,
    norms: [...normsOf(graph)],
    image: plan.image,
    logits: plan.logits,
    weights: {
      bytes: bytes.length,
      hash: fingerprint,
      parts,
      ...(options.embed ? { data: base64(bytes) } : {}),
    },
    kernels: plan.kernels,
    steps: plan.steps,
    tests,
    tolerance: toleranceOf(plan, options.weights),
    wasm: {
      simd: await code('strict'),
      ...(options.relaxed ? { relaxed: await code('relaxed') } : {}),
    },
  };
}

/**
 * Strict floats have the recorded bits. Other backends round otherwise, and the longer the sums the more; where such
 * floats become bytes, one may become its neighbour. Whole numbers are the same everywhere.
 */
function toleranceOf({ kernels }: ModulePlan, type: WeightType): ModelSpec['tolerance'] {
  if (type !== 'int8') return { simd: 0, relaxed: 1e-3, js: 1e-3 };
  const other = kernels.every((name) => isExact(name)) ? 0 : 0.1;
  return { simd: 0, relaxed: other, js: other };
}

/** Whether all backends give the same bits. */
function isExact(kernel: string): boolean {
  return Object.hasOwn(byteKernels, kernel);
}

/** Of fp32 the trainer's own evaluation is recorded; of rounded weights what the module gives, as nothing else has them. */
async function recorded(emission: Emission): Promise<Recorded> {
  const { input, options, weights } = emission;
  const trained = await testVectors(input.graph, { weights: input.weights });
  if (options.weights === 'fp32') return { tests: trained, rounding: 0, model: undefined };
  const { 'model.mjs': text } = await sourceFiles(emission, headerOf(emission));
  const { create } = await loadModule(text);
  const model = await create({ weights: weights.bytes, backend: 'simd' });
  const tests = await testVectors(input.graph, { model });
  const rounding = difference(tests, trained);
  if (!Number.isFinite(rounding)) {
    throw new EmitError({
      code: 'E703',
      message: `with ${options.weights} weights the logits are no numbers`,
      hint: 'check the run with netlathe eval; fp32 keeps the weights as they are',
    });
  }
  return { tests, rounding, model };
}

interface Recorded {
  readonly tests: readonly TestVector[];
  readonly rounding: number;
  /** The module, where it was asked. */
  readonly model: Model | undefined;
}

function difference(a: readonly TestVector[], b: readonly TestVector[]): number {
  const [left, right] = [a, b].map((vectors) =>
    vectors.flatMap(({ logits }) => [...new Float32Array(bytesOfBase64(logits).buffer)]),
  ) as [number[], number[]];
  return left.reduce((most, value, i) => Math.max(most, Math.abs(value - (right[i] as number))), 0);
}

async function allFiles(emission: Emission): Promise<BundleFiles> {
  const { weights, options, input } = emission;
  const sources = await sourceFiles(emission, headerOf(emission));
  const files = new Map<string, Uint8Array>();
  for (const [name, text] of Object.entries(sources)) files.set(name, Buffer.from(text));
  if (!options.embed) files.set('weights.bin', weights.bytes);
  files.set('labels.json', jsonFile(input.graph.classes));
  files.set('metadata.json', jsonFile(metadataOf(emission, files)));
  return files;
}

export function jsonFile(value: unknown): Uint8Array {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

export function sha256(contents: string | Uint8Array): string {
  return createHash('sha256').update(contents).digest('hex');
}
