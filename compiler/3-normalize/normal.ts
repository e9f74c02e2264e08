/** What normalization gives: a flat list of layers in which no sugar is left. */

import type { Spec } from '../2-validate/validate.ts';
import type { Place } from '../diagnostics/diagnostic.ts';
import type { Origin, Preprocessing } from '../graph/graph.ts';
import type { Shape } from '../graph/shape.ts';
import type { AttributeValue } from '../ops/attributes.ts';
import type { OpKind } from '../ops/index.ts';

/** How the flat list calls the image that enters. */
export const imageName = 'image';

export interface NormalLayer {
  readonly name: string;
  readonly op: OpKind;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  /** Names of layers before it, or `image`. */
  readonly inputs: readonly string[];
  readonly origin: Origin;
}

export interface NormalSpec {
  readonly name: string;
  readonly input: Shape;
  readonly preprocessing: Preprocessing;
  readonly classes: readonly string[];
  /** The widths with all arithmetic done, and the base where the file has one: what `fit` varies. */
  readonly bandwidth: readonly number[];
  readonly base: number | undefined;
  readonly labelled: boolean;
  readonly layers: readonly NormalLayer[];
  /** The layer whose output is the network's. */
  readonly output: string;
  readonly places: { readonly root: Place; readonly classes: Place | undefined };
  readonly budget: Spec['budget'];
  readonly recipe: Spec['train'];
}
