/**
 * Where a network's numbers lie: each kind in one stretch of memory, so that an optimizer step is one kernel call.
 * Within a stretch: weights that decay (kernels), those that do not (biases, norms), frozen ones; statistics apart.
 */

import { type Graph, type GraphNode, size } from '../graph/graph.ts';
import type { WeightSpec } from '../ops/op.ts';
import { weightName } from '../weights/store.ts';
import type { PendingBuffer, ProgramBuilder } from './builder.ts';

/** A cache line, so that slices start aligned. */
const line = 16;

export interface ParameterSlot {
  /** `layer.weight`, as files call it. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly elements: number;
  readonly group: 'decayed' | 'plain' | 'frozen' | 'statistics';
  /** First element within the stretch of its kind. */
  readonly from: number;
}

export interface ParameterLayout {
  readonly slots: readonly ParameterSlot[];
  /** Elements of all trainable and frozen weights together. */
  readonly weights: number;
  readonly statistics: number;
  /** The parts of the weights that the optimizer updates, with and without decay. */
  readonly decayed: { readonly from: number; readonly elements: number };
  readonly plain: { readonly from: number; readonly elements: number };
}

export function layoutParameters(
  graph: Graph,
  isFrozen: (layer: string) => boolean,
): ParameterLayout {
  const all = graph.nodes.flatMap((node) =>
    node.weights.map((weight) => ({
      name: weightName(node, weight),
      shape: weight.shape,
      elements: size(weight),
      group: groupOf(node, weight, isFrozen),
    })),
  );
  const slots: ParameterSlot[] = [];
  const place = (group: ParameterSlot['group'], start: number): number => {
    let next = start;
    for (const entry of all) {
      if (entry.group !== group) continue;
      slots.push({ ...entry, from: next });
      next += Math.ceil(entry.elements / line) * line;
    }
    return next;
  };
  const decayedEnd = place('decayed', 0);
  const plainEnd = place('plain', decayedEnd);
  const weights = place('frozen', plainEnd);
  return {
    slots,
    weights,
    statistics: place('statistics', 0),
    decayed: { from: 0, elements: decayedEnd },
    plain: { from: decayedEnd, elements: plainEnd - decayedEnd },
  };
}

function groupOf(
  node: GraphNode,
  weight: WeightSpec,
  isFrozen: (layer: string) => boolean,
): ParameterSlot['group'] {
  if (!weight.trainable) return 'statistics';
  if (isFrozen(node.name)) return 'frozen';
  return weight.name === 'kernel' ? 'decayed' : 'plain';
}

/** One stretch of memory cut into the slots of its kind. */
export class ParameterBuffers {
  readonly whole: PendingBuffer;
  readonly #slices = new Map<string, PendingBuffer>();

  constructor(
    builder: ProgramBuilder,
    label: string,
    layout: ParameterLayout,
    kind: 'weights' | 'statistics',
  ) {
    this.whole = builder.kept(label, Math.max(line, layout[kind]));
    for (const slot of layout.slots) {
      if ((slot.group === 'statistics') !== (kind === 'statistics')) continue;
      const { name, from, elements } = slot;
      this.#slices.set(name, builder.slice(this.whole, `${label} ${name}`, from, elements));
    }
  }

  of(node: GraphNode, weight: WeightSpec['name']): PendingBuffer {
    const slice = this.#slices.get(weightName(node, { name: weight }));
    if (!slice) throw new Error(`netlathe bug: ${node.name} has no ${weight}`);
    return slice;
  }
}
