/**
 * Phase 3, normalize: Spec to a flat list of layers. Bandwidth references, arithmetic, blocks, loops and branches
 * disappear here, so that no later phase ever sees sugar.
 */

import type { Places } from '../1-load/tree.ts';
import type { Expression, Spec } from '../2-validate/spec.ts';
import type { CheckedSpec } from '../2-validate/validate.ts';
import { emptyNetwork, nameTaken, preprocessingChannels } from '../diagnostics/codes/normalize.ts';
import {
  type Diagnostic,
  diagnose,
  type Outcome,
  outcome,
  type Place,
  withoutRepeats,
} from '../diagnostics/diagnostic.ts';
import type { Preprocessing } from '../graph/graph.ts';
import { isOpKind } from '../ops/index.ts';
import { argumentBinding, type BlockTable, blockTable } from './blocks.ts';
import { evaluateInteger, type Report } from './evaluate.ts';
import { Expander } from './expand.ts';
import { Names } from './names.ts';
import { imageName, type NormalSpec } from './normal.ts';
import { classCount, type Entry, reservedNames, Scope } from './scope.ts';

export function normalize(checked: CheckedSpec): Outcome<NormalSpec> {
  const { spec, places, root } = checked;
  const diagnostics: Diagnostic[] = [];
  const report: Report = (diagnostic) => void diagnostics.push(diagnostic);
  const { height, width, channels = 3 } = spec.input;
  const input = { height, width, channels };
  const preprocessing = preprocessingOf(spec.input, places, report);
  const blocks = blockTable(spec.blocks, places, report);
  const fileScope = scopeOfFile(spec, blocks, places, report);
  const defaults = (spec.defaults ?? {}) as Readonly<Record<string, object>>;
  const expander = new Expander({ places, root, blocks, defaults, fileScope });
  const names = new Names();
  const image = { name: imageName, shape: input };
  names.take(imageName);
  names.define(imageName, image);
  const result = expander.expand(spec.layers, names, image);
  diagnostics.push(...expander.diagnostics);
  if (expander.layers.length === 0 && diagnostics.length === 0) {
    report(diagnose(emptyNetwork, {}, { place: places.at(spec, 'layers') ?? root }));
  }
  const labels = spec.classes;
  const value: NormalSpec = {
    name: spec.name,
    input,
    preprocessing,
    classes: Array.isArray(labels)
      ? labels
      : Array.from({ length: labels }, (_, i) => `class ${i}`),
    labelled: Array.isArray(labels),
    ...widthsOf(fileScope),
    layers: expander.layers,
    output: result.name,
    places: { root, classes: places.at(spec, 'classes') },
    budget: spec.budget,
    recipe: spec.train,
  };
  return outcome(value, withoutRepeats(diagnostics));
}

function widthsOf(scope: Scope): Pick<NormalSpec, 'bandwidth' | 'base'> {
  const list = scope.find('bandwidth');
  const base = scope.find('base');
  return {
    bandwidth: list?.kind === 'list' ? list.values.map((entry) => entry.value ?? 0) : [],
    base: base?.kind === 'integer' ? base.value : undefined,
  };
}

function scopeOfFile(
  spec: CheckedSpec['spec'],
  blocks: BlockTable,
  places: Places,
  report: Report,
): Scope {
  const scope = new Scope();
  scope.bind('classes', { kind: 'integer', value: classCount(spec), sources: [] });
  bindConstants(spec.constants ?? {}, scope, blocks, places, report);
  const { bandwidth } = spec;
  if (bandwidth === undefined) return scope;
  const place = places.at(spec, 'bandwidth');
  const values = Array.isArray(bandwidth)
    ? entriesOf(bandwidth, 1, scope, places, report)
    : multiplied(bandwidth, scope, places, report);
  scope.bind('bandwidth', { kind: 'list', values, place });
  return scope;
}

/** A constant may use those before it. */
function bindConstants(
  constants: NonNullable<Spec['constants']>,
  scope: Scope,
  blocks: BlockTable,
  places: Places,
  report: Report,
): void {
  const isBlock = (word: string) => blocks.has(word);
  for (const [name, value] of Object.entries(constants)) {
    const by = isOpKind(name)
      ? 'an op'
      : isBlock(name)
        ? 'a block'
        : reservedNames.includes(name)
          ? "the language's own word"
          : undefined;
    if (by) report(diagnose(nameTaken, { name, by }, { place: places.key(constants, name) }));
    const place = places.at(constants, name);
    if (isNumbers(value)) {
      const values = value.map((n, i) => ({ value: n, sources: sourceOf(places.at(value, i)) }));
      scope.bind(name, { kind: 'list', values, place });
    } else scope.bind(name, argumentBinding(value, { scope, place }, isBlock, report));
  }
}

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length > 0 && value.every((n) => typeof n === 'number');
}

const sourceOf = (place: Place | undefined): readonly Place[] => (place ? [place] : []);

function multiplied(
  bandwidth: {
    readonly base: number | Expression;
    readonly multipliers: readonly (number | Expression)[];
  },
  scope: Scope,
  places: Places,
  report: Report,
): readonly Entry[] {
  const place = places.at(bandwidth, 'base');
  const base = evaluateInteger(bandwidth.base, 'base', 1, { scope, place }, report);
  if (base) scope.bind('base', { kind: 'integer', value: base.value, sources: sourceOf(place) });
  else scope.bind('base', { kind: 'unknown' });
  return entriesOf(bandwidth.multipliers, base?.value, scope, places, report);
}

function entriesOf(
  list: readonly (number | Expression)[],
  factor: number | undefined,
  scope: Scope,
  places: Places,
  report: Report,
): readonly Entry[] {
  return list.map((item, i) => {
    const place = places.at(list, i);
    const entry = evaluateInteger(item, `bandwidth[${i}]`, 1, { scope, place }, report);
    const value = entry && factor !== undefined ? entry.value * factor : undefined;
    return { value, sources: sourceOf(place) };
  });
}

function preprocessingOf(
  input: NonNullable<Spec['input']>,
  places: Places,
  report: Report,
): Preprocessing {
  const channels = input.channels ?? 3;
  const values = (key: 'mean' | 'std', fallback: number): readonly number[] => {
    const given = input[key] ?? [fallback];
    if (given.length === channels) return given;
    if (given.length !== 1) {
      report(
        diagnose(
          preprocessingChannels,
          { key, values: given.length, channels },
          { place: places.at(input, key) },
        ),
      );
    }
    return Array.from({ length: channels }, () => given[0] ?? fallback);
  };
  return { resize: input.resize ?? 'cover', mean: values('mean', 0.5), std: values('std', 0.5) };
}
