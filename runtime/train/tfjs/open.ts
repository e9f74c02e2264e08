/** TensorFlow.js as this machine has it: tfjs-node where it is installed, its own slow CPU backend otherwise. */

import { createRequire } from 'node:module';
import { importTfjs, type Tf } from '../../../compiler/7-emit/tfjs/index.ts';
import { reasonOf, systemCode } from '../../runtime-error.ts';

export interface OpenedTfjs {
  readonly tf: Tf;
  /** `tensorflow` is tfjs-node. */
  readonly backend: string;
  /** Why this backend, where a better one could be had. */
  readonly note: string | undefined;
}

const addon = '@tensorflow/tfjs-node';

/** `from`: a file of the package whose tfjs-node is meant. */
export async function openTfjs(from: string = import.meta.url): Promise<OpenedTfjs> {
  // TensorFlow greets on stderr unless it is told not to.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  let missing: string;
  try {
    const tf = createRequire(from)(addon) as Tf;
    await tf.ready();
    return { tf, backend: tf.getBackend(), note: undefined };
  } catch (error) {
    missing = whyMissing(error);
  }
  const tf = await importTfjs();
  const backend = tf.getBackend();
  const note = `${missing}: training with the ${backend} backend of TensorFlow.js, which is far slower; npm install ${addon}@4.22.0 beside netlathe, or use --engine wasm`;
  return { tf, backend, note };
}

function whyMissing(error: unknown): string {
  const [first = ''] = reasonOf(error).split('\n');
  const absent = systemCode(error) === 'MODULE_NOT_FOUND' && first.includes(`'${addon}'`);
  return absent ? `${addon} is not installed` : `${addon} does not work here (${first.trim()})`;
}
