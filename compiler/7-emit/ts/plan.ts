/**
 * What a module runs: the inference program for one image, with all that follows from the weights alone already done.
 * Folding and packing happen here, once, so that a module carries the packed buffers and neither of those kernels.
 */

import { Engine } from '../../../runtime/engine/engine.ts';
import { KERNELS } from '../../../runtime/kernels/registry.ts';
import { writeParameters } from '../../../runtime/train/parameters.ts';
import { type InferenceProgram, lowerInference } from '../../6-lower/inference.ts';
import { type Int8Program, lowerInt8, type Quantization } from '../../6-lower/int8/lower.ts';
import { writesTo } from '../../6-lower/phases.ts';
import type { Argument, Buffer, Step } from '../../6-lower/program.ts';
import type { Graph } from '../../graph/graph.ts';
import type { WeightStore } from '../../weights/index.ts';

/** A buffer that no step writes: weights, folded and packed. */
export interface Constant {
  readonly label: string;
  readonly offset: number;
  readonly values: Float32Array | Uint8Array;
  /** Whether it may not be rounded, since other constants were made for it as it is. */
  readonly exact: boolean;
}

export interface ModulePlan {
  /** In the order of their numbers. */
  readonly kernels: readonly string[];
  /** The number of a kernel, then its arguments with the range at their end. */
  readonly steps: readonly (readonly number[])[];
  readonly constants: readonly Constant[];
  /** Of int8: layers that run in floats nonetheless. */
  readonly floats: readonly string[];
  readonly image: number;
  readonly logits: number;
  readonly weightsEnd: number;
  readonly memoryBytes: number;
}

const alignment = 64;
/** Offset 0 is never a buffer. */
const start = alignment;

const aligned = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;

/** What is to be run: the inference program of a network, or its int8 one. */
type Lowered = Pick<
  InferenceProgram,
  'program' | 'layout' | 'image' | 'logits' | 'weights' | 'statistics'
> &
  Partial<Pick<Int8Program, 'contents' | 'floats'>>;

export async function planModule(
  graph: Graph,
  weights: WeightStore,
  quantization?: Quantization,
): Promise<ModulePlan> {
  const inference: Lowered = quantization
    ? lowerInt8(graph, weights, quantization)
    : lowerInference(graph, { batch: 1, threads: 1 });
  const infer = inference.program.schedules.find(({ name }) => name === 'infer');
  if (!infer) throw new Error('netlathe bug: an inference program without its schedule');
  const places = layOutModule(infer.steps, inference);
  const kernels = [...new Set(infer.steps.map(({ kernel }) => kernel))];
  const engine = await Engine.create(inference.program, 'strict');
  try {
    writeParameters(engine, inference, weights);
    engine.run('prepare');
    return {
      kernels,
      steps: infer.steps.map((step) => boundStep(step, kernels, places.offsets)),
      constants: places.constants.map((buffer) => ({
        label: buffer.label,
        offset: places.offsets.get(buffer) as number,
        values: inference.contents?.get(buffer) ?? engine.floats(buffer).slice(),
        exact: inference.contents?.has(buffer) === true,
      })),
      floats: inference.floats ?? [],
      image: places.offsets.get(inference.image) as number,
      logits: places.offsets.get(inference.logits) as number,
      weightsEnd: places.weightsEnd,
      memoryBytes: places.end,
    };
  } finally {
    await engine.close();
  }
}

function sizeOf({ elements, type }: Buffer): number {
  return aligned(type === 'f32' ? 4 * elements : elements);
}

/** Weights first, in one stretch; then the input and the logits; then what lives for a few steps. */
function layOutModule(
  steps: readonly Step[],
  { image, logits }: { readonly image: Buffer; readonly logits: Buffer },
) {
  const { constants, temporaries } = sortBuffers(steps, image, logits);
  const offsets = new Map<Buffer, number>();
  let end = start;
  const place = (buffer: Buffer): void => {
    offsets.set(buffer, end);
    end += sizeOf(buffer);
  };
  for (const buffer of constants) place(buffer);
  const weightsEnd = end;
  place(image);
  place(logits);
  // Temporary buffers keep their places among each other, which the planner found.
  const shift = end - Math.min(...temporaries.map(({ offset }) => offset));
  for (const buffer of temporaries) {
    offsets.set(buffer, buffer.offset + shift);
    end = Math.max(end, buffer.offset + shift + sizeOf(buffer));
  }
  return { constants, offsets, weightsEnd, end };
}

function sortBuffers(steps: readonly Step[], image: Buffer, logits: Buffer) {
  const constants = new Set<Buffer>();
  const temporaries = new Set<Buffer>();
  for (const step of steps) {
    for (const argument of step.args) {
      if (!isBuffer(argument) || argument === image || argument === logits) continue;
      (argument.lifetime === 'kept' ? constants : temporaries).add(argument);
    }
  }
  for (const step of steps) {
    const kinds = Object.values(KERNELS.get(step.kernel)?.args ?? {});
    for (const [i, argument] of step.args.entries()) {
      if (writesTo(kinds[i]) && isBuffer(argument) && constants.has(argument)) {
        throw new Error(`netlathe bug: ${step.kernel} writes ${argument.label}`);
      }
    }
  }
  return { constants: [...constants], temporaries: [...temporaries] };
}

function isBuffer(argument: Argument): argument is Buffer {
  return typeof argument === 'object' && 'offset' in argument;
}

function boundStep(
  { kernel, args, units }: Step,
  kernels: readonly string[],
  offsets: ReadonlyMap<Buffer, number>,
): readonly number[] {
  const bound = args.map((argument) => {
    if (typeof argument === 'number') return argument;
    if (argument === 'slot') return 0;
    if (isBuffer(argument)) return offsets.get(argument) as number;
    throw new Error(`netlathe bug: ${kernel} asks for ${argument.scalar} in inference`);
  });
  return [kernels.indexOf(kernel), ...bound, 0, units];
}
