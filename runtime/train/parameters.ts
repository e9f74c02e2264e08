/** Weights between files and a program's memory. */

import type { ParameterLayout } from '../../compiler/6-lower/parameters.ts';
import type { Buffer } from '../../compiler/6-lower/program.ts';
import type { Weight, WeightStore } from '../../compiler/weights/index.ts';
import type { Engine } from '../engine/engine.ts';

export interface ParameterHome {
  readonly layout: ParameterLayout;
  readonly weights: Buffer;
  readonly statistics: Buffer;
}

type Memory = Pick<Engine, 'floats'>;

export function writeParameters(engine: Memory, home: ParameterHome, store: WeightStore): void {
  for (const [view, name] of views(engine, home)) {
    const weight = store.get(name);
    if (!weight) throw new Error(`netlathe bug: no weight ${name}`);
    view.set(weight.values);
  }
}

/** A copy, in the order of the network. */
export function readParameters(engine: Memory, home: ParameterHome): WeightStore {
  const store = new Map<string, Weight>();
  for (const [view, name, shape] of views(engine, home))
    store.set(name, { shape, values: view.slice() });
  return store;
}

function* views(
  engine: Memory,
  { layout, weights, statistics }: ParameterHome,
): Generator<readonly [Float32Array, string, readonly number[]]> {
  const all = { weights: engine.floats(weights), statistics: engine.floats(statistics) };
  for (const slot of layout.slots) {
    const whole = slot.group === 'statistics' ? all.statistics : all.weights;
    yield [whole.subarray(slot.from, slot.from + slot.elements), slot.name, slot.shape];
  }
}
