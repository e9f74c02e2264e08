/** tfjs, loaded when it is first needed: its import takes longer than compiling an architecture. */

import type { Tf } from './layers.ts';

let loaded: Promise<Tf> | undefined;

export function importTfjs(): Promise<Tf> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<Tf> {
  const tf: Tf = await import('@tensorflow/tfjs');
  // The first tensor on the plain CPU backend prints an advertisement for tfjs-node, unless this is no Node.
  const env = tf.env();
  const isNode = env.getBool('IS_NODE');
  env.set('IS_NODE', false);
  try {
    await tf.ready();
    tf.scalar(0).dispose();
  } finally {
    env.set('IS_NODE', isNode);
  }
  return tf;
}
