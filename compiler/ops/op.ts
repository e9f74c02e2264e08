/**
 * An op is one record: what its attributes are, what shape, weights and work follow from them. Everything the
 * compiler knows about an op stands in its file; `compiler/ops/index.ts` lists them.
 */

import type { Fault } from '../diagnostics/diagnostic.ts';
import type { Shape } from '../graph/shape.ts';
import type { AttributeSpecs, Edges, Pair, ValuesOf } from './attributes.ts';
import type { InitializerName } from './initializers.ts';

/** A weight tensor of a layer, in the layout of Keras and tfjs. */
export interface WeightSpec {
  readonly name: 'kernel' | 'bias' | 'gamma' | 'beta' | 'movingMean' | 'movingVariance';
  readonly shape: readonly number[];
  readonly trainable: boolean;
  readonly initializer: InitializerName;
  /** Inputs and outputs a single weight sees; for initialisers that scale by them. */
  readonly fanIn: number;
  readonly fanOut: number;
}

/** How far an op looks: for the receptive field. `global` sees the whole image. */
export type Reach = { readonly kernel: Pair; readonly stride: Pair } | 'global' | 'point';

/** What an op makes of its attributes and the shapes that enter it. */
export interface Inferred<A> {
  readonly ok: true;
  readonly attributes: A;
  readonly shape: Shape;
  readonly weights: readonly WeightSpec[];
  /** Multiply-accumulates for one image; by convention only convolutions and dense layers count. */
  readonly macs: number;
  readonly reach: Reach;
}

/** Why no shape follows: a fault, the attribute that is to blame, and what would work. */
export interface Problem {
  readonly ok: false;
  readonly report: <R>(use: <A>(fault: Fault<A>, args: A) => R) => R;
  readonly attribute?: string;
  /** Other attributes or inputs that took part, with what to say of them. */
  readonly related?: readonly ({ readonly message: string } & (
    | { readonly attribute: string }
    | { readonly input: number }
  ))[];
  readonly hint?: string;
}

/** An op with its types forgotten, as tables hold it. */
export interface Op<
  K extends string = string,
  S extends AttributeSpecs = AttributeSpecs,
  A extends object = object,
> {
  readonly kind: K;
  readonly summary: string;
  /** `join`: takes several inputs, as `branches` or `from`. */
  readonly arity: 'single' | 'join';
  /** Outputs overwrite inputs where nothing else reads them: the memory plan counts one buffer. */
  readonly inPlace: boolean;
  readonly attributes: S;
  infer(given: ValuesOf<S>, inputs: readonly Shape[]): Inferred<A> | Problem;
}

/** Checks the record's parts against each other while its literal types are kept. */
export function op<const K extends string, const S extends AttributeSpecs, A extends object>(
  record: Op<K, S, A>,
): Op<K, S, A> {
  return record;
}

export function problem<A>(
  kind: Fault<A>,
  args: A,
  where: Omit<Problem, 'ok' | 'report'> = {},
): Problem {
  return { ok: false, report: (use) => use(kind, args), ...where };
}

export function inferred<A extends object>(
  attributes: A,
  shape: Shape,
  more: Partial<Pick<Inferred<A>, 'weights' | 'macs' | 'reach'>> = {},
): Inferred<A> {
  return { ok: true, attributes, shape, weights: [], macs: 0, reach: 'point', ...more };
}

/** The one input of a `single` op. */
export function only(inputs: readonly Shape[]): Shape {
  const [shape] = inputs;
  if (!shape || inputs.length !== 1)
    throw new Error(`netlathe bug: expected 1 input, got ${inputs.length}`);
  return shape;
}

export type { Edges, Pair };
