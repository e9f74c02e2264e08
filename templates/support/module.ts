import { bindKernels } from './backend.ts';
import { photoWriter, type WriteInput } from './photo.ts';
import { runSelfTest } from './self-test.ts';
import type {
  CreateOptions,
  ImageInput,
  KernelFactory,
  KernelFunction,
  Model,
  ModelSpec,
  Prediction,
  PredictOptions,
} from './types.ts';
import { loadWeights } from './weights.ts';

/** All that holds the memory. */
interface Network {
  readonly image: Float32Array;
  readonly output: Float32Array;
  readonly writePhoto: WriteInput;
  readonly steps: readonly { readonly kernel: KernelFunction; readonly args: readonly number[] }[];
}

function networkOf(
  spec: ModelSpec,
  memory: ArrayBuffer,
  kernels: readonly KernelFunction[],
): Network {
  const { height, width, channels } = spec.info.input;
  const image = new Float32Array(memory, spec.image, height * width * channels);
  return {
    image,
    output: new Float32Array(memory, spec.logits, spec.info.classes),
    writePhoto: photoWriter(spec, image),
    steps: spec.steps.map(([kernel, ...args]) => ({
      kernel: kernels[kernel as number] as KernelFunction,
      args,
    })),
  };
}

/** What `create` of a module is made by. */
export function modelOf<L extends string>(
  spec: ModelSpec,
  factories: Readonly<Record<string, KernelFactory>>,
): (options?: CreateOptions) => Promise<Model<L>> {
  return async (options = {}) => {
    const { backend, memory, kernels } = await bindKernels(
      spec,
      factories,
      options.backend ?? 'auto',
    );
    loadWeights(spec, options.weights, memory);
    const { input, classes } = spec.info;
    const size = input.height * input.width * input.channels;
    let network: Network | undefined = networkOf(spec, memory, kernels);
    const own = new Float32Array(classes);
    const scores = new Float64Array(classes);

    const logits = (given: ImageInput, into: Float32Array = own): Float32Array => {
      if (!network) throw new Error('the model was disposed of');
      const { image, writePhoto, steps, output } = network;
      // By what it has, not by its class: it may come from another frame.
      if (!('data' in given)) {
        if (given.length !== size) {
          throw new RangeError(`the input has ${given.length} values, the network takes ${size}`);
        }
        image.set(given);
      } else if (input.channels === 1 || input.channels === 3) {
        writePhoto(given);
      } else {
        throw new TypeError(`a network of ${input.channels} channels takes a Float32Array`);
      }
      for (const { kernel, args } of steps) kernel(...args);
      into.set(output);
      return into;
    };

    return {
      info: { ...spec.info, backend },
      labels: spec.labels as readonly L[],
      logits,
      predict: (given, how) => {
        softmax(logits(given), scores);
        return ranked(spec.labels as readonly L[], scores, how);
      },
      selfTest: () => runSelfTest(spec, backend, logits),
      dispose: () => {
        network = undefined;
      },
    };
  };
}

function softmax(logits: Float32Array, scores: Float64Array): void {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < logits.length; i++) largest = Math.max(largest, logits[i] as number);
  let total = 0;
  for (let i = 0; i < logits.length; i++) {
    const e = Math.exp((logits[i] as number) - largest);
    scores[i] = e;
    total += e;
  }
  for (let i = 0; i < scores.length; i++) scores[i] = (scores[i] as number) / total;
}

/** Best first; of equal ones the first. Picks one after the other, since few are wanted of perhaps a thousand. */
function ranked<L extends string>(
  labels: readonly L[],
  scores: Float64Array,
  { topK = labels.length, threshold = 0 }: PredictOptions = {},
): Prediction<L>[] {
  const found: Prediction<L>[] = [];
  while (found.length < Math.min(topK, labels.length)) {
    let index = 0;
    for (let i = 1; i < scores.length; i++) {
      if ((scores[i] as number) > (scores[index] as number)) index = i;
    }
    const score = scores[index] as number;
    if (!(score >= threshold)) break;
    found.push({ label: labels[index] as L, score, index });
    scores[index] = -1;
  }
  return found;
}
