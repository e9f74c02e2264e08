/** What `netlathe diff` prints: changes under the YAML lines they come from, then the totals. */

import type { Diff, LayerChange, Side } from '../compiler/5-budget/diff.ts';
import { clip, padEnd, padStart, visible } from '../compiler/diagnostics/text.ts';
import type { CommandIo } from './io.ts';
import type { Style } from './style.ts';

type TextOf = (file: string) => string | undefined;

interface Hunk {
  readonly before: Side | undefined;
  readonly after: Side | undefined;
  readonly changes: LayerChange[];
}

export function printDiff(io: CommandIo, diff: Diff, oldText: TextOf, newText: TextOf): void {
  const columns = Math.min(Math.max(io.stdout.columns, 60), 100);
  const style = io.out;
  const { bold, dim } = style;
  const lines = [`${bold(visible(diff.before))} → ${bold(visible(diff.after))}`];
  const hunks = hunksOf(diff.layers);
  for (const hunk of hunks) {
    lines.push('');
    lines.push(...yamlLines(hunk, oldText, newText, columns, style));
    for (const change of hunk.changes) lines.push(...layerLines(change, columns, style));
  }
  const same = diff.layers.filter((l) => l.kind === 'same').length;
  const reshaped = diff.layers.filter(isReshaped).length;
  const also = reshaped > 0 ? `; ${reshaped} cost the same at another size` : '';
  lines.push('', dim(`${same} of ${diff.layers.length} layers are the same${also}`), '');
  lines.push(...totals(diff, style), '');
  io.stdout.write(lines.join('\n'));
}

/** Neighbouring layers of one pair of lines belong together, and so do later ones of the same pair. */
function hunksOf(layers: readonly LayerChange[]): readonly Hunk[] {
  const hunks = new Map<string, Hunk>();
  for (const change of layers) {
    if (change.kind === 'same' || isReshaped(change)) continue;
    const { before, after } = change;
    const key = `${before?.file}:${before?.line}|${after?.file}:${after?.line}`;
    const hunk = hunks.get(key) ?? { before, after, changes: [] };
    hunks.set(key, hunk);
    hunk.changes.push(change);
  }
  return [...hunks.values()];
}

/** An activation or pool that only follows the layer before it. */
function isReshaped({ kind, before, after, attributes }: LayerChange): boolean {
  const isFree = before?.params === after?.params && before?.macs === after?.macs;
  return kind === 'changed' && isFree && attributes.length === 0;
}

/** Both lines, or one where they are one: then a width elsewhere made the difference. */
function yamlLines(
  { before, after }: Hunk,
  oldText: TextOf,
  newText: TextOf,
  columns: number,
  style: Style,
): readonly string[] {
  const sourceOf = (side: Side, textOf: TextOf) =>
    visible(textOf(side.file)?.split('\n')[side.line - 1]?.trim() ?? '');
  const shown = (side: Side, sign: string, source: string) => {
    const where = `${sign} ${visible(side.file.split(/[\\/]/).at(-1) ?? '')}:${side.line}`;
    const paint = { '-': style.red, '+': style.green }[sign] ?? style.bold;
    return `${paint(where)}  ${clip(source, Math.max(10, columns - where.length - 2))}`;
  };
  const old = before && sourceOf(before, oldText);
  const now = after && sourceOf(after, newText);
  const isOne = before && after && before.file === after.file && before.line === after.line;
  if (isOne && old === now) return [shown(before, ' ', old ?? '')];
  return [
    ...(before ? [shown(before, '-', old ?? '')] : []),
    ...(after ? [shown(after, '+', now ?? '')] : []),
  ];
}

const number = (n: number) => n.toLocaleString('en-US');
const signed = (n: number) => (n > 0 ? `+${number(n)}` : n < 0 ? `−${number(-n)}` : '±0');

const marks = { added: '+', removed: '-', changed: '~', same: ' ' } as const;

function layerLines(change: LayerChange, columns: number, style: Style): readonly string[] {
  const { kind, before, after, attributes } = change;
  const paint = { added: style.green, removed: style.red, changed: style.yellow, same: style.dim }[
    kind
  ];
  const side = (after ?? before) as Side;
  const params = (after?.params ?? 0) - (before?.params ?? 0);
  const macs = (after?.macs ?? 0) - (before?.macs ?? 0);
  const costs = `${padStart(signed(params), 12)} params ${padStart(signed(macs), 13)} MACs`;
  const head = `  ${paint(marks[kind])} ${padEnd(clip(visible(side.name), columns - 4 - costs.length), columns - 4 - costs.length)}${costs}`;
  const shapes =
    before && after && before.output !== after.output ? [`${before.output} → ${after.output}`] : [];
  const details = [...shapes, ...attributes.filter((a) => !a.startsWith('padding'))].join('; ');
  return details === '' ? [head] : [head, style.dim(`      ${clip(details, columns - 6)}`)];
}

const names: Readonly<Record<string, string>> = {
  params: 'params',
  macs: 'MACs',
  activationBytes: 'activation bytes',
  'weightBytes.fp32': 'weight bytes, fp32',
  'weightBytes.fp16': 'weight bytes, fp16',
  'weightBytes.int8': 'weight bytes, int8',
};

function totals(diff: Diff, style: Style): readonly string[] {
  return diff.totals.map(({ metric, before, after }) => {
    const change = after - before;
    const paint = change > 0 ? style.red : change < 0 ? style.green : style.dim;
    const share =
      before === 0 || change === 0
        ? ''
        : `${change > 0 ? '+' : '−'}${percent(Math.abs(change) / before)}`;
    const counts = `${padStart(number(before), 14)} → ${padEnd(number(after), 14)}`;
    return `${padEnd(names[metric] ?? metric, 20)}${counts}${paint(padStart(signed(change), 14))}${paint(padStart(share, 9))}`.trimEnd();
  });
}

function percent(share: number): string {
  return share >= 10 ? `${Math.round(100 * share)}%` : `${(100 * share).toFixed(1)}%`;
}
