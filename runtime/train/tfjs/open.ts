/** TensorFlow.js on one of its backends: the one that is asked for, or the best that is installed without a GPU. */

import { createRequire } from 'node:module';
import { importTfjs, type Tf } from '../../../compiler/7-emit/tfjs/index.ts';
import { reasonOf, systemCode } from '../../runtime-error.ts';
import { TrainError } from '../train-error.ts';
import { type Guard, unguarded } from './guard.ts';
import { openWebgpu } from './open-webgpu.ts';

/** TensorFlow.js' wasm backend is not among them: it has no gradient of a convolution by its filter. */
export const tfjsBackends = ['node', 'cpu', 'webgpu'] as const;
export type TfjsBackendName = (typeof tfjsBackends)[number];

export interface OpenedTfjs {
  readonly tf: Tf;
  /** As TensorFlow.js calls it: `tensorflow` is tfjs-node. */
  readonly backend: string;
  /** The GPU, in its driver's words. */
  readonly device?: string;
  /** What the user should know: why not a better backend, or that the GPU is none. */
  readonly note: string | undefined;
  readonly guard: Guard;
  /** Gives the GPU back, once every tensor is disposed of; the process does not end before. */
  close(): Promise<void>;
}

export interface OpenTfjsOptions {
  /** A file of the package whose peers are meant; netlathe's own if left out. */
  readonly from?: string | undefined;
  /** Without one: tfjs-node where it is installed, and the plain CPU backend, with a note, where it is not. */
  readonly backend?: TfjsBackendName | undefined;
}

const addon = '@tensorflow/tfjs-node';
const install = `npm install ${addon}@4.22.0 beside netlathe`;

/** @throws TrainError E551 where the backend that was asked for cannot be had. */
export async function openTfjs(options: OpenTfjsOptions = {}): Promise<OpenedTfjs> {
  const { from = import.meta.url, backend } = options;
  switch (backend) {
    case 'webgpu':
      return openWebgpu(from);
    case 'cpu':
      return opened(await importTfjs());
    case 'node': {
      const found = await openNode(from);
      if (typeof found !== 'string') return opened(found);
      throw new TrainError({ code: 'E551', message: found, hint: install });
    }
    case undefined: {
      const found = await openNode(from);
      if (typeof found !== 'string') return opened(found);
      const tf = await importTfjs();
      const note = `${found}: training with the ${tf.getBackend()} backend of TensorFlow.js, which is far slower; ${install}, or use --engine wasm`;
      return opened(tf, note);
    }
  }
}

/** tfjs-node, or why there is none. */
async function openNode(from: string): Promise<Tf | string> {
  // TensorFlow greets on stderr unless it is told not to.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  try {
    const tf = createRequire(from)(addon) as Tf;
    await tf.ready();
    return tf;
  } catch (error) {
    return whyMissing(addon, error);
  }
}

function opened(tf: Tf, note?: string): OpenedTfjs {
  return { tf, backend: tf.getBackend(), note, guard: unguarded, close: async () => undefined };
}

/** Why a peer that was asked for cannot be loaded. */
export function whyMissing(name: string, error: unknown): string {
  const [first = ''] = reasonOf(error).split('\n');
  const absent = systemCode(error) === 'MODULE_NOT_FOUND' && first.includes(`'${name}'`);
  return absent ? `${name} is not installed` : `${name} does not work here (${first.trim()})`;
}
