/** `repeat` and `for`: one scope for each time a layer stands in the network. */

import type { Places } from '../1-load/tree.ts';
import type { Loop } from '../2-validate/spec.ts';
import { loopLengths, nameTaken, repeatAndFor } from '../diagnostics/codes/normalize.ts';
import { wrongValue } from '../diagnostics/codes/validate.ts';
import { diagnose, type Place } from '../diagnostics/diagnostic.ts';
import { isOpKind } from '../ops/index.ts';
import { argumentBinding } from './blocks.ts';
import { evaluateInteger, type Report, type Surroundings } from './evaluate.ts';
import type { FileContext } from './expand.ts';
import { reservedNames, Scope, type Tensor } from './scope.ts';

interface Looped {
  readonly repeat?: number | string;
  readonly for?: Loop;
  readonly when?: number | string;
}

interface Column {
  readonly name: string;
  readonly place: Place | undefined;
  readonly values: readonly unknown[];
  /** Place of each value. */
  readonly at: (round: number) => Place | undefined;
}

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
  const columns = columnsOf(layer.for, places, report);
  if (!columns) return [];
  const rounds = columns[0]?.values.length ?? 0;
  return Array.from({ length: rounds }, (_, round) => {
    const inner = new Scope(scope);
    for (const column of columns) {
      const at = column.at(round) ?? column.place;
      inner.bind(
        column.name,
        argumentBinding(column.values[round], { ...around, place: at }, isBlock, report),
      );
    }
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

function columnsOf(loop: Loop, places: Places, report: Report): readonly Column[] | undefined {
  const columns =
    'columns' in loop || 'rows' in loop ? tableOf(loop, places, report) : listsOf(loop, places);
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
    if (other.values.length === first.values.length) continue;
    report(
      diagnose(
        loopLengths,
        {
          first: first.name,
          firstLength: first.values.length,
          second: other.name,
          secondLength: other.values.length,
        },
        {
          place: other.place,
          related: first.place
            ? [{ place: first.place, message: `${first.values.length} entries` }]
            : [],
        },
      ),
    );
    sound = false;
  }
  return sound ? columns : undefined;
}

function listsOf(loop: Loop, places: Places): readonly Column[] {
  return Object.entries(loop).map(([name, list]) => {
    const values = typeof list === 'string' ? range(list) : (list as readonly unknown[]);
    return {
      name,
      place: places.at(loop, name),
      values,
      at: (round) => (typeof list === 'string' ? undefined : places.at(list as object, round)),
    };
  });
}

/** `4..7` with both ends. */
function range(text: string): readonly number[] {
  const [from, to] = text.split('..').map(Number) as [number, number];
  const length = Math.max(0, Math.min(to - from + 1, 2000));
  return Array.from({ length }, (_, i) => from + i);
}

function tableOf(loop: Loop, places: Places, report: Report): readonly Column[] | undefined {
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
    values: rows.map((row) => row[c]),
    at: (round) => places.at(rows[round] as object, c),
  }));
}
