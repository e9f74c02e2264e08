/**
 * What a choice of widths costs, by the compiler's own phases 3 and 4: `fit` has no formula of its own that could
 * disagree with them.
 */

import type { Spec } from '../../2-validate/spec.ts';
import type { CheckedSpec } from '../../2-validate/validate.ts';
import type { NormalSpec } from '../../3-normalize/normal.ts';
import { normalize } from '../../3-normalize/normalize.ts';
import { infer } from '../../4-infer/infer.ts';
import { type Graph, size } from '../../graph/graph.ts';

export type Bandwidth = NonNullable<Spec['bandwidth']>;

export const fitMetrics = ['params', 'macs'] as const;
export type FitMetric = (typeof fitMetrics)[number];

/** Per layer, in the order of the Graph. */
export type Costs = Readonly<Record<FitMetric, readonly number[]>>;

export interface Built {
  readonly normal: NormalSpec;
  readonly graph: Graph;
}

/** `undefined` where the network does not compile with these widths. */
export function build(checked: CheckedSpec, bandwidth: Bandwidth): Built | undefined {
  const normal = normalize({ ...checked, spec: { ...checked.spec, bandwidth } });
  if (!normal.ok) return undefined;
  const graph = infer(normal.value);
  return graph.ok ? { normal: normal.value, graph: graph.value } : undefined;
}

export function costsOf(graph: Graph): Costs {
  return {
    params: graph.nodes.map((node) =>
      node.weights.reduce((sum, w) => (w.trainable ? sum + size(w) : sum), 0),
    ),
    macs: graph.nodes.map((node) => node.macs),
  };
}

export function total(costs: readonly number[]): number {
  return costs.reduce((sum, cost) => sum + cost, 0);
}
