/** The ops of the language. Adding one: docs/adding-an-op.md. */

import {
  elu,
  gelu,
  hardSigmoid,
  hardSwish,
  leakyRelu,
  relu,
  relu6,
  sigmoid,
  silu,
  tanh,
} from './activations.ts';
import { batchNorm } from './batch-norm.ts';
import { channelShuffle, dropout, flatten, split, zeroPad } from './channels.ts';
import { conv2d } from './conv2d.ts';
import { dense } from './dense.ts';
import { add, concat, multiply } from './joins.ts';
import type { Inferred, Op, Problem } from './op.ts';
import { avgPool2d, globalAvgPool, maxPool2d } from './pooling.ts';

export const ops = {
  conv2d,
  dense,
  batchNorm,
  relu,
  relu6,
  hardSwish,
  hardSigmoid,
  silu,
  gelu,
  sigmoid,
  tanh,
  elu,
  leakyRelu,
  maxPool2d,
  avgPool2d,
  globalAvgPool,
  dropout,
  flatten,
  add,
  concat,
  multiply,
  split,
  channelShuffle,
  zeroPad,
} as const;

export type OpTable = typeof ops;
export type OpKind = keyof OpTable;

/** The resolved attributes of an op, as Graph nodes carry them. */
export type AttributesOf<K extends OpKind> =
  OpTable[K] extends Op<string, infer _S, infer A> ? A : never;

export const opKinds = Object.keys(ops) as readonly OpKind[];

export function isOpKind(word: string): word is OpKind {
  return Object.hasOwn(ops, word);
}

export type { Inferred, Problem };
