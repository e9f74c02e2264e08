/** `repeat` and `for`: one scope for each time a layer stands in the network. */

import type { Places } from '../1-load/tree.ts';
import type { Loop } from '../2-validate/spec.ts';
import { loopLengths, nameTaken, noSlice, repeatAndFor } from '../diagnostics/codes/normalize.ts';
import { wrongValue } from '../diagnostics/codes/validate.ts';
import { diagnose, type Place } from '../diagnostics/diagnostic.ts';
import { isOpKind } from '../ops/index.ts';
import { argumentBinding } from './blocks.ts';
import { evaluateInteger, type Report, type Surroundings } from './evaluate.ts';
import type { FileContext } from './expand.ts';
import { type Binding, reservedNames, Scope, type Tensor } from './scope.ts';

interface Looped {
  readonly repeat?: number | string;
  readonly for?: Loop;
  readonly when?: number | string;
}

interface Column {
  readonly name: string;
  readonly place: Place | undefined;
  readonly length: number;
  readonly binding: (round: number) => Binding;
}

/** Reads a value that was written at a place. */
type Read = (value: unknown, place: Place | undefined) => Binding;

export function iterations(
  layer: Looped,
  place: Place,
  scope: Scope,
  input: Tensor,
  file: FileContext,
  report: Report,
): readonly Scope[] {
  const { places } = file;
  const around = surroundings(places.at(layer, 'repeat') ?? place, scope, input);
  if (layer.for === undefined) {
    if (layer.repeat === undefined) return [scope];
    const count = evaluateInteger(layer.repeat, 'repeat', 0, around, report)?.value ?? 1;
    // Beyond this the expander stops anyway; no need for a million scopes.
    return Array.from({ length: Math.min(count, 2000) }, () => scope);
  }
  if (layer.repeat !== undefined) {
    report(diagnose(repeatAndFor, {}, { place: places.key(layer, 'for') ?? place }));
    return [scope];
  }
  const isBlock = (word: string) => file.blocks.has(word);
  const read: Read = (value, at) =>
    argumentBinding(value, { ...around, place: at }, isBlock, report);
  const columns = columnsOf(layer.for, scope, read, places, report);
  if (!columns) return [];
  return Array.from({ length: columns[0]?.length ?? 0 }, (_, round) => {
    const inner = new Scope(scope);
    for (const column of columns) inner.bind(column.name, column.binding(round));
    return inner;
  });
}

/** What `when` says of this round. Where it cannot be told, which was reported, the layer is there to be checked. */
export function stands(
  layer: Looped,
  place: Place,
  scope: Scope,
  input: Tensor,
  places: Places,
  report: Report,
): boolean {
  if (layer.when === undefined) return true;
  const around = surroundings(places.at(layer, 'when') ?? place, scope, input);
  return evaluateInteger(layer.when, 'when', 0, around, report)?.value !== 0;
}

function surroundings(place: Place, scope: Scope, input: Tensor): Surroundings {
  return {
    scope,
    place,
    channels: input.shape?.channels,
    entryChannels: scope.entry?.shape?.channels,
  };
}

function columnsOf(
  loop: Loop,
  scope: Scope,
  read: Read,
  places: Places,
  report: Report,
): readonly Column[] | undefined {
  const columns =
    'columns' in loop || 'rows' in loop
      ? tableOf(loop, read, places, report)
      : listsOf(loop, scope, read, places, report);
  if (!columns) return undefined;
  let sound = true;
  for (const column of columns) {
    if (isOpKind(column.name) || reservedNames.includes(column.name)) {
      const by = isOpKind(column.name) ? 'an op' : "the language's own word";
      report(diagnose(nameTaken, { name: column.name, by }, { place: column.place }));
      sound = false;
    }
  }
  const first = columns[0] as Column;
  for (const other of columns.slice(1)) {
    if (other.length === first.length) continue;
    report(
      diagnose(
        loopLengths,
        {
          first: first.name,
          firstLength: first.length,
          second: other.name,
          secondLength: other.length,
        },
        {
          place: other.place,
          related: first.place ? [{ place: first.place, message: `${first.length} entries` }] : [],
        },
      ),
    );
    sound = false;
  }
  return sound ? columns : undefined;
}

function listsOf(
  loop: Loop,
  scope: Scope,
  read: Read,
  places: Places,
  report: Report,
): readonly Column[] | undefined {
  const columns = Object.entries(loop).map(([name, list]): Column | undefined => {
    const place = places.at(loop, name);
    if (typeof list === 'string') {
      const bindings = range(list, place) ?? slice(list, scope, place, report);
      return (
        bindings && {
          name,
          place,
          length: bindings.length,
          binding: (round) => bindings[round] as Binding,
        }
      );
    }
    const values = list as readonly unknown[];
    const binding = (round: number) => read(values[round], places.at(values, round) ?? place);
    return { name, place, length: values.length, binding };
  });
  return columns.every((c) => c !== undefined) ? columns : undefined;
}

/** `4..7` with both ends. */
function range(text: string, place: Place | undefined): readonly Binding[] | undefined {
  const [, begin, end] = /^(\d+)\.\.(\d+)$/.exec(text) ?? [];
  if (begin === undefined) return undefined;
  const length = Math.max(0, Math.min(Number(end) - Number(begin) + 1, 2000));
  const sources = place ? [place] : [];
  return Array.from({ length }, (_, i) => ({
    kind: 'integer',
    value: Number(begin) + i,
    sources,
  }));
}

/** `bandwidth`, `bandwidth[4..7]` with both ends, or `bandwidth[4..]` to the last. */
function slice(
  text: string,
  scope: Scope,
  place: Place | undefined,
  report: Report,
): readonly Binding[] | undefined {
  const [, name = text, begin = '0', end] = /^([^[]+)\[(\d+)\.\.(\d*)\]$/.exec(text) ?? [];
  const list = scope.find(name);
  if (list?.kind === 'unknown') return undefined;
  const last = list?.kind === 'list' ? list.values.length - 1 : -1;
  const [from, to] = [Number(begin), end ? Number(end) : last];
  if (list?.kind !== 'list' || to > last || from > to) {
    const related =
      list?.kind === 'list' && list.place
        ? [{ place: list.place, message: `${name} has entries 0 to ${last}` }]
        : [];
    report(diagnose(noSlice, { text, name, isList: list?.kind === 'list' }, { place, related }));
    return undefined;
  }
  return list.values
    .slice(from, to + 1)
    .map(({ value, sources }) =>
      value === undefined ? { kind: 'unknown' } : { kind: 'integer', value, sources },
    );
}

function tableOf(
  loop: Loop,
  read: Read,
  places: Places,
  report: Report,
): readonly Column[] | undefined {
  const { columns, rows } = loop as {
    readonly columns?: readonly string[];
    readonly rows?: readonly (readonly unknown[])[];
  };
  const place = places.of(loop);
  const refuse = (value: string, expected: string, at: Place | undefined) => {
    report(diagnose(wrongValue, { key: 'a table', value, expected }, { place: at ?? place }));
    return undefined;
  };
  if (!columns || !rows)
    return refuse(columns ? 'columns alone' : 'rows alone', 'columns and rows together', place);
  const extra = Object.keys(loop).find((key) => key !== 'columns' && key !== 'rows');
  if (extra !== undefined)
    return refuse(`"${extra}" too`, 'columns and rows only', places.key(loop, extra));
  const odd = rows.findIndex((row) => row.length !== columns.length);
  if (odd >= 0) {
    const row = rows[odd] as readonly unknown[];
    return refuse(
      `a row of ${row.length}`,
      `rows of ${columns.length}, one value a column`,
      places.of(row),
    );
  }
  return columns.map((name, c) => ({
    name,
    place: places.at(columns, c),
    length: rows.length,
    binding: (round) => {
      const row = rows[round] as readonly unknown[];
      return read(row[c], places.at(row, c));
    },
  }));
}
