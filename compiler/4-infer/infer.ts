/**
 * Phase 4, infer: flat layers to a Graph. Shapes, weights and work of each layer from its op's own rule; every size
 * that does not fit is reported with the place it came from. Nothing is allocated: limits on the result come first.
 */

import { imageName, type NormalLayer, type NormalSpec } from '../3-normalize/normal.ts';
import { outputIsNotClasses, tooLarge, unusedLayer } from '../diagnostics/codes/infer.ts';
import {
  type Diagnostic,
  diagnose,
  type Outcome,
  outcome,
  type Place,
  type Related,
  withoutRepeats,
} from '../diagnostics/diagnostic.ts';
import { type Graph, type GraphNode, graphInput, size } from '../graph/graph.ts';
import { elements, type Shape } from '../graph/shape.ts';
import { ops } from '../ops/index.ts';
import type { Op, Problem } from '../ops/op.ts';

/** Far above any network for a phone; they stop a slip of the keyboard from filling the memory. */
export const sizeLimits = {
  parameters: 50_000_000,
  /** Elements of one layer's output. */
  elements: 256 * 1024 * 1024,
  macs: 10 ** 13,
} as const;

export function infer(normal: NormalSpec): Outcome<Graph> {
  const builder = new Builder(normal);
  for (const layer of normal.layers) builder.add(layer);
  const graph = builder.finish();
  return outcome(graph, withoutRepeats(builder.diagnostics));
}

class Builder {
  readonly diagnostics: Diagnostic[] = [];
  readonly #normal: NormalSpec;
  readonly #nodes: GraphNode[] = [];
  readonly #layers = new Map<string, NormalLayer>();
  readonly #ids = new Map<string, number>([[imageName, graphInput]]);
  #parameters = 0;

  constructor(normal: NormalSpec) {
    this.#normal = normal;
  }

  add(layer: NormalLayer): void {
    this.#layers.set(layer.name, layer);
    const ids = layer.inputs.map((name) => this.#ids.get(name));
    // An input without a node failed before, which was said there.
    if (!ids.every((id) => id !== undefined)) return;
    const shapes = ids.map((id) => this.#shape(id));
    const result = (ops[layer.op] as unknown as Op).infer(layer.attributes as never, shapes);
    if (!result.ok) {
      this.diagnostics.push(this.#complain(layer, result));
      return;
    }
    const id = this.#nodes.length;
    const { attributes, shape, weights, macs, reach } = result;
    const node = {
      id,
      name: layer.name,
      op: layer.op,
      attributes,
      inputs: ids,
      shape,
      weights,
      macs,
      reach,
      origin: layer.origin,
    };
    if (!this.#isWithinLimits(node as GraphNode)) return;
    this.#nodes.push(node as GraphNode);
    this.#ids.set(layer.name, id);
  }

  finish(): Graph {
    const { name, input, preprocessing, classes, labelled, output, places } = this.#normal;
    const last = this.#ids.get(output);
    const shape = last === undefined ? undefined : this.#shape(last);
    // After another fault, what looks unused may only have lost its reader.
    if (last !== undefined && this.diagnostics.length === 0) this.#findUnused(last);
    if (shape && !(elements(shape) === classes.length && shape.channels === classes.length)) {
      const layer = this.#layers.get(output);
      this.diagnostics.push(
        diagnose(
          outputIsNotClasses,
          { shape, classes: classes.length },
          {
            place: layer?.origin.place ?? places.root,
            related: places.classes
              ? [{ place: places.classes, message: `${classes.length} classes` }]
              : [],
            hint: 'end with globalAvgPool and { op: dense, units: classes }',
          },
        ),
      );
    }
    return {
      name,
      input,
      preprocessing,
      classes,
      labelled,
      nodes: this.#nodes,
      output: last ?? graphInput,
    };
  }

  /** A layer that stands in the network several times is reported once. */
  #findUnused(output: number): void {
    const used = new Set([output]);
    for (const node of this.#nodes.toReversed()) {
      if (used.has(node.id)) for (const input of node.inputs) used.add(input);
    }
    const reported = new Set<string>();
    for (const { id, name, op, origin } of this.#nodes) {
      if (used.has(id) || reported.has(key(origin.place))) continue;
      reported.add(key(origin.place));
      this.diagnostics.push(diagnose(unusedLayer, { name, op }, { place: origin.place }));
    }
  }

  #shape(id: number): Shape {
    return id === graphInput ? this.#normal.input : (this.#nodes[id] as GraphNode).shape;
  }

  #isWithinLimits(node: GraphNode): boolean {
    const parameters = node.weights.reduce((sum, w) => sum + size(w), 0);
    this.#parameters += parameters;
    const check = (what: string, actual: number, limit: number) => {
      if (actual <= limit) return true;
      this.diagnostics.push(
        diagnose(
          tooLarge,
          { what, actual: actual.toLocaleString('en'), limit: limit.toLocaleString('en') },
          {
            place: node.origin.place,
          },
        ),
      );
      return false;
    };
    const fits =
      check('weights of the network up to this layer', this.#parameters, sizeLimits.parameters) &&
      check('values that this layer puts out', elements(node.shape), sizeLimits.elements) &&
      check('multiply-accumulates of this layer', node.macs, sizeLimits.macs);
    // What goes beyond is left out of the sum, so that one huge layer is reported once.
    if (!fits) this.#parameters -= parameters;
    return fits;
  }

  #complain(layer: NormalLayer, problem: Problem): Diagnostic {
    const { origin } = layer;
    const blamed = problem.attribute ?? '';
    const place = origin.attributes.get(blamed) ?? origin.place;
    const related: Related[] = [];
    for (const source of origin.sources.get(blamed) ?? []) {
      related.push({ place: source, message: 'it follows from this' });
    }
    for (const part of problem.related ?? []) {
      const at =
        'attribute' in part
          ? origin.attributes.get(part.attribute)
          : this.#producer(layer, part.input);
      if (at) related.push({ place: at, message: part.message });
    }
    const call = origin.calls.at(-1);
    if (call) related.push({ place: call, message: 'in this call of the block' });
    return problem.report((fault, args) =>
      diagnose(fault, args, { place, related: distinct(related, place), hint: problem.hint }),
    );
  }

  /** Where the shape of an input was decided: the layer that set its channels. */
  #producer(layer: NormalLayer, input: number): Place | undefined {
    let producer = this.#layers.get(layer.inputs[input] ?? '');
    while (producer && ops[producer.op].inPlace && ops[producer.op].arity === 'single') {
      const before = this.#layers.get(producer.inputs[0] ?? '');
      if (!before) break;
      producer = before;
    }
    return producer?.origin.attributes.get('filters') ?? producer?.origin.place;
  }
}

function distinct(related: readonly Related[], place: Place): readonly Related[] {
  const seen = new Set([key(place)]);
  return related.filter((r) => !seen.has(key(r.place)) && seen.add(key(r.place)));
}

function key(place: Place): string {
  return `${place.file}:${place.range.start.offset}:${place.range.end.offset}`;
}
