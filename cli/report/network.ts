/** What `netlathe compile` shows: where the parameters and the work of a network are, and how it stands to its budget. */

import type { Verdict } from '../../compiler/5-budget/check.ts';
import type { Compiled } from '../../compiler/compile.ts';
import { clip, padEnd, padStart, visible, width } from '../../compiler/diagnostics/text.ts';
import { formatShape } from '../../compiler/graph/shape.ts';
import type { Style } from '../style.ts';
import { type Row, rowsOf } from './rows.ts';
import { bar, bytes, grouped, short } from './units.ts';

export interface ReportOptions {
  readonly style: Style;
  readonly columns: number;
  /** Show every layer, however many there are. */
  readonly all?: boolean | undefined;
}

export function networkReport(compiled: Compiled, options: ReportOptions): string {
  const { style } = options;
  const { graph, document, budget } = compiled;
  const title = `${style.bold(visible(graph.name))}  ${formatShape(graph.input)} to ${graph.classes.length} classes`;
  const rows = rowsOf(compiled, options.all);
  return [
    title,
    style.dim(visible(document.root.file)),
    '',
    ...table(rows, compiled, options),
    ...elsewhere(rows, compiled, style),
    '',
    ...totals(compiled, style),
    ...(budget.verdicts.length > 0 ? ['', ...verdictLines(budget.verdicts, style)] : []),
    '',
  ].join('\n');
}

interface Widths {
  readonly line: number;
  readonly name: number;
  readonly detail: number;
  readonly output: number;
  readonly params: number;
  readonly bar: number;
  readonly macs: number;
}

const gaps = 2 * 6;
const percentCells = 4;

function widthsOf(rows: readonly Row[], compiled: Compiled, columns: number): Widths {
  const widest = (least: number, text: (row: Row) => string) =>
    Math.max(least, ...rows.map((row) => width(text(row))));
  const fixed = {
    line: 4,
    output: widest(6, (r) => r.output),
    params: Math.max(6, grouped(compiled.counts.params.trainable).length),
    macs: 5,
  };
  const bars = columns >= 100 ? 16 : 8;
  const taken = fixed.line + fixed.output + fixed.params + fixed.macs + bars + percentCells + gaps;
  const room = Math.max(24, columns - taken);
  const detail = Math.min(
    widest(0, (r) => r.detail),
    Math.floor(room / 2),
  );
  const name = Math.min(
    widest(5, (r) => indented(r)),
    room - detail,
  );
  return { ...fixed, bar: bars, name, detail };
}

function indented({ depth, name }: Row): string {
  return visible('  '.repeat(depth) + name);
}

function table(
  rows: readonly Row[],
  compiled: Compiled,
  { style, columns }: ReportOptions,
): readonly string[] {
  const w = widthsOf(rows, compiled, Math.min(columns, 120));
  const total = compiled.counts.params.trainable;
  const largest = Math.max(1, ...rows.map((r) => r.params));
  const line = (cells: readonly string[]) => cells.join('  ').trimEnd();
  const head = line([
    padStart('line', w.line),
    padEnd('layer', w.name),
    padEnd('', w.detail),
    padEnd('output', w.output),
    padStart('params', w.params),
    padEnd('share', w.bar + percentCells),
    padStart('MACs', w.macs),
  ]);
  const body = rows.map((row) => {
    const name = clip(indented(row), w.name);
    const share = row.params === 0 ? '' : percent(row.params / total);
    return line([
      style.dim(padStart(row.line, w.line)),
      row.heading ? style.bold(padEnd(name, w.name)) : padEnd(name, w.name),
      style.dim(padEnd(clip(row.detail, w.detail), w.detail)),
      padEnd(row.output, w.output),
      padStart(row.params === 0 ? '' : grouped(row.params), w.params),
      `${style.dim(padStart(share, percentCells))} ${style.cyan(padEnd(bar(row.params / largest, w.bar - 1), w.bar - 1))}`,
      padStart(row.macs === 0 ? '' : short(row.macs), w.macs),
    ]);
  });
  return [style.dim(head), ...body];
}

/** What the stars mean. */
function elsewhere(
  rows: readonly Row[],
  { counts, document }: Compiled,
  style: Style,
): readonly string[] {
  if (!rows.some((row) => row.line.endsWith('*'))) return [];
  const files = new Set(counts.layers.map((l) => l.file).filter((f) => f !== document.root.file));
  return [style.dim(`   * of ${visible([...files].join(', '))}`)];
}

function percent(share: number): string {
  const value = 100 * share;
  return value < 0.1 ? '<.1%' : value < 9.95 ? `${value.toFixed(1)}%` : `${Math.round(value)}%`;
}

function totals({ counts, graph }: Compiled, style: Style): readonly string[] {
  const { params, macs, activationBytes, weightBytes, receptiveField } = counts;
  const statistics =
    params.nonTrainable > 0 ? `, and ${grouped(params.nonTrainable)} batch-norm statistics` : '';
  const image = Math.max(graph.input.height, graph.input.width);
  const field =
    receptiveField >= image ? `${receptiveField} px, the whole image` : `${receptiveField} px`;
  const stored = (['fp32', 'fp16', 'int8'] as const).map((t) => `${t} ${bytes(weightBytes[t])}`);
  return (
    [
      ['params', `${style.bold(grouped(params.trainable))} trainable${statistics}`],
      ['MACs', `${style.bold(short(macs))} (${grouped(macs)})`],
      ['activations', `${bytes(activationBytes)} at the peak`],
      ['weights', stored.join(', ')],
      ['sees', field],
    ] as const
  ).map(([name, text]) => `${style.dim(padEnd(name, 11))}  ${text}`);
}

export function verdictLines(verdicts: readonly Verdict[], style: Style): readonly string[] {
  const longest = Math.max(11, ...verdicts.map((v) => v.metric.length));
  return verdicts.map((verdict) => {
    const mark = verdict.ok ? style.green('✓') : style.red('✗');
    const { limit, allowed } = verdict;
    const rule =
      limit === 'exactly'
        ? `exactly ${grouped(allowed.maximum)}`
        : limit === 'atMost'
          ? `at most ${grouped(allowed.maximum)}`
          : `${grouped(allowed.minimum)} to ${grouped(allowed.maximum)}`;
    return `${mark} ${padEnd(verdict.metric, longest)} ${rule}${standing(verdict)}`;
  });
}

function standing({ ok, actual, allowed }: Verdict): string {
  if (!ok) {
    const over = actual - allowed.maximum;
    const by =
      over > 0 ? `${grouped(over)} too many` : `${grouped(allowed.minimum - actual)} too few`;
    return `: it has ${grouped(actual)}, ${by}`;
  }
  if (allowed.minimum === allowed.maximum) return '';
  return `: it has ${grouped(actual)}, ${grouped(allowed.maximum - actual)} to spare`;
}

/** One line each, where several files are compiled at once. */
export function summaryTable(
  networks: readonly { readonly reference: string; readonly compiled: Compiled | undefined }[],
  style: Style,
): string {
  const longest = Math.max(4, ...networks.map((n) => width(visible(n.reference))));
  const head = `  ${padEnd('file', longest)}  ${padStart('params', 11)}  ${padStart('MACs', 6)}  ${padStart('int8', 9)}  ${padStart('activations', 11)}`;
  const lines = networks.map(({ reference, compiled }) => {
    const name = padEnd(visible(reference), longest);
    if (!compiled) return `${style.red('✗')} ${name}  ${style.red('has errors')}`;
    const { counts, budget } = compiled;
    const kept = budget.verdicts.every((v) => v.ok);
    const mark =
      budget.verdicts.length === 0 ? style.dim('-') : kept ? style.green('✓') : style.red('✗');
    const numbers = [
      padStart(grouped(counts.params.trainable), 11),
      padStart(short(counts.macs), 6),
      padStart(bytes(counts.weightBytes.int8), 9),
      padStart(bytes(counts.activationBytes), 11),
    ];
    return `${mark} ${name}  ${numbers.join('  ')}`;
  });
  return `${style.dim(head)}\n${lines.join('\n')}\n`;
}
