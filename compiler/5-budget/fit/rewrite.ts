/**
 * Widths back into the file they came from. Only the ranges of the numbers change, so comments and layout stay; where
 * the numbers stand in another file (`extends`) or above a variant, the file gains a `bandwidth` that overrides them.
 */

import {
  isMap,
  isScalar,
  type Node,
  parseDocument,
  type YAMLMap,
  type Document as YamlDocument,
} from 'yaml';
import { displayPath } from '../../1-load/load.ts';
import type { Compiled } from '../../compile.ts';
import type { Place } from '../../diagnostics/diagnostic.ts';
import type { Bandwidth } from './evaluate.ts';
import { gcd } from './polynomial.ts';

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The text with the widths in it. Takes the text that was compiled. */
export function rewrite(
  compiled: Compiled,
  text: string,
  widths: readonly number[],
  wanted: Bandwidth,
): string {
  const current = compiled.spec.spec.bandwidth as Bandwidth;
  const own = ownBandwidth(compiled, text);
  const form = inForm(current, compiled.normal.base, widths, wanted, own?.hasComments ?? false);
  const edits = own && numberEdits(compiled, current, form, own);
  if (edits) return applied(text, edits);
  if (own) return applied(text, [{ ...own.range, text: flow(form) }]);
  return applied(text, [
    insertion(compiled, text, `bandwidth: ${flow(overriding(current, form))}`),
  ]);
}

/** `base x multipliers` is kept where the base divides all widths; else it becomes a plain list. */
function inForm(
  current: Bandwidth,
  base: number | undefined,
  widths: readonly number[],
  wanted: Bandwidth,
  hasComments: boolean,
): Bandwidth {
  if (Array.isArray(current)) return [...widths];
  if (!Array.isArray(wanted)) return wanted;
  const divides = (b: number) => widths.every((w) => w % b === 0);
  if (base !== undefined && divides(base)) {
    return { base: current.base, multipliers: widths.map((w) => w / base) };
  }
  if (!hasComments) return [...widths];
  // A list in its place would swallow the comments between base and multipliers.
  const common = widths.reduce(gcd, 0);
  return { base: common, multipliers: widths.map((w) => w / common) };
}

interface Own {
  readonly range: { readonly start: number; readonly end: number };
  readonly hasComments: boolean;
}

/** The part of this file (and of the chosen variant) that says what the bandwidth is. */
function ownBandwidth(compiled: Compiled, text: string): Own | undefined {
  const node = scopeOf(compiled, parseDocument(text, { merge: false }))?.get('bandwidth', true) as
    | Node
    | undefined;
  if (!node?.range || !('items' in node)) return undefined;
  const [start, end] = node.range;
  return { range: { start, end }, hasComments: text.slice(start, end).includes('#') };
}

/** The map that a change must stand in: the document, or the variant in it. */
function scopeOf({ document }: Compiled, yaml: YamlDocument): YAMLMap | undefined {
  const path = document.variant === undefined ? [] : ['variants', document.variant];
  const node = path.length === 0 ? yaml.contents : yaml.getIn(path, true);
  return isMap(node) ? (node as YAMLMap) : undefined;
}

/** `undefined` where a number that must change stands elsewhere, or stands for several. */
function numberEdits(
  compiled: Compiled,
  current: Bandwidth,
  form: Bandwidth,
  own: Own,
): readonly Edit[] | undefined {
  const changes = changesOf(compiled, current, form);
  if (!changes) return undefined;
  const file = displayPath(compiled.document.file);
  const edits = new Map<number, Edit>();
  for (const { place, value } of changes) {
    if (!place) return undefined;
    const [start, end] = [place.range.start.offset, place.range.end.offset];
    const isOwn = place.file === file && own.range.start <= start && end <= own.range.end;
    const before = edits.get(start);
    if (!isOwn || (before && before.text !== String(value))) return undefined;
    edits.set(start, { start, end, text: String(value) });
  }
  return [...edits.values()];
}

interface Change {
  readonly place: Place | undefined;
  readonly value: number;
}

function changesOf(
  { spec: { spec, places }, normal }: Compiled,
  current: Bandwidth,
  form: Bandwidth,
): readonly Change[] | undefined {
  if (Array.isArray(current) !== Array.isArray(form)) return undefined;
  const holder = spec.bandwidth as object;
  const [old, list] = [listOf(current), listOf(form)];
  if (old.length !== list.length) return undefined;
  const base = Array.isArray(current) ? 1 : (normal.base ?? 1);
  const changes: Change[] = list.flatMap((value, i) =>
    value === old[i] || value === (normal.bandwidth[i] as number) / base
      ? []
      : [{ place: places.at(old, i), value: value as number }],
  );
  if (Array.isArray(form) || Array.isArray(current) || form.base === current.base) return changes;
  return [...changes, { place: places.at(holder, 'base'), value: form.base as number }];
}

function listOf(bandwidth: Bandwidth) {
  return Array.isArray(bandwidth) ? bandwidth : bandwidth.multipliers;
}

/** Maps merge, so a new base alone says enough. */
function overriding(
  current: Bandwidth,
  form: Bandwidth,
): Bandwidth | { readonly base: number | string } {
  if (Array.isArray(current) || Array.isArray(form)) return form;
  return form.multipliers === current.multipliers ? { base: form.base } : form;
}

function flow(value: Bandwidth | { readonly base: number | string }): string {
  const list = (items: readonly (number | string)[]) => `[${items.map(item).join(', ')}]`;
  if (Array.isArray(value)) return list(value);
  const parts = [`base: ${item(value.base)}`];
  if ('multipliers' in value) parts.push(`multipliers: ${list(value.multipliers)}`);
  return `{ ${parts.join(', ')} }`;
}

function item(value: number | string): string {
  return typeof value === 'number' ? String(value) : JSON.stringify(value);
}

/** A new key of the map: on a line of its own in block style, behind the brace in flow style. */
function insertion(compiled: Compiled, text: string, entry: string): Edit {
  const yaml = parseDocument(text, { merge: false });
  const map = scopeOf(compiled, yaml);
  if (!map?.range) throw new Error('netlathe bug: no map to write the bandwidth into');
  if (map.flow) {
    const at = map.range[0] + 1;
    return { start: at, end: at, text: ` ${entry}${map.items.length > 0 ? ',' : ' '}` };
  }
  // Behind what names the base, if it is there; else before the first key.
  const anchor = map.items.find((pair) => isScalar(pair.key) && pair.key.value === 'extends');
  const value = anchor?.value as Node | null | undefined;
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const first = (map.items[0]?.key as Node | undefined)?.range?.[0] ?? map.range[0];
  const indent = first - (text.lastIndexOf('\n', first - 1) + 1);
  const ends = value?.range ? text.indexOf('\n', value.range[1]) : -1;
  if (ends >= 0)
    return { start: ends + 1, end: ends + 1, text: `${' '.repeat(indent)}${entry}${newline}` };
  return { start: first, end: first, text: `${entry}${newline}${' '.repeat(indent)}` };
}

function applied(text: string, edits: readonly Edit[]): string {
  let result = text;
  for (const { start, end, text: by } of [...edits].sort((a, b) => b.start - a.start)) {
    result = result.slice(0, start) + by + result.slice(end);
  }
  return result;
}
