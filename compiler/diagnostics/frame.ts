/**
 * The human form of a diagnostic: its message, the lines of the user's file with every place marked, and what would
 * work.
 *
 *     error[E401]: groups 6 does not divide the 32 channels that enter
 *       ┌─ architectures/group.yaml:18:13
 *     12 │     filters: 32
 *        │              ── 32 channels come from here
 *        ┆
 *     18 │     groups: 6
 *        │             ^
 *       = help: use 1, 2, 4, 8, 16 or 32
 */

import type { Diagnostic, Place, Range } from './diagnostic.ts';
import { cellsOf, visible, width, wrap } from './text.ts';

type Paint = (text: string) => string;

export interface FrameStyle {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly yellow: Paint;
  readonly blue: Paint;
}

export interface FrameOptions {
  readonly style: FrameStyle;
  /** Cells in a line. */
  readonly columns: number;
  /** The text of a file as diagnostics name it; `undefined` where it is not at hand. */
  readonly textOf: (file: string) => string | undefined;
}

interface Mark {
  readonly range: Range;
  readonly label: string;
  readonly primary: boolean;
}

const tab = '  ';

export function frame(diagnostic: Diagnostic, options: FrameOptions): string {
  const { style, columns } = options;
  const { code, severity, message, hint } = diagnostic;
  const paint = severity === 'error' ? style.red : style.yellow;
  const lines = [`${style.bold(paint(`${severity}[${code}]`))}: ${style.bold(visible(message))}`];
  for (const [file, marks] of byFile(diagnostic)) {
    lines.push(...snippet(file, marks, paint, options));
  }
  if (hint) {
    const [first, ...rest] = wrap(visible(hint), Math.max(40, columns - 10));
    lines.push(`  ${style.blue('=')} ${style.bold('help')}: ${first}`);
    lines.push(...rest.map((line) => `          ${line}`));
  }
  return `${lines.join('\n')}\n`;
}

/** The file of the diagnostic itself first. */
function byFile({ place, related }: Diagnostic): ReadonlyMap<string, readonly Mark[]> {
  const files = new Map<string, Mark[]>();
  const add = (at: Place, label: string, primary: boolean) => {
    const marks = files.get(at.file) ?? [];
    files.set(at.file, marks);
    marks.push({ range: at.range, label, primary });
  };
  if (place) add(place, '', true);
  for (const other of related) add(other.place, other.message, false);
  return files;
}

function snippet(
  file: string,
  marks: readonly Mark[],
  paint: Paint,
  { style, columns, textOf }: FrameOptions,
): readonly string[] {
  const lead = marks.find((m) => m.primary) ?? (marks[0] as Mark);
  const { line, col } = lead.range.start;
  const gutter = String(Math.max(...marks.map((m) => m.range.start.line))).length;
  const blank = ' '.repeat(gutter);
  const head = `${blank} ${style.blue('┌─')} ${visible(file)}:${line}:${col}`;
  const source = textOf(file)?.split('\n');
  if (!source) {
    const told = marks.filter((m) => m.label !== '');
    return [head, ...told.map((m) => `${blank} ${style.blue('│')} ${visible(m.label)}`)];
  }
  const rows = [head];
  const numbers = [...new Set(marks.map((m) => m.range.start.line))].sort((a, b) => a - b);
  numbers.forEach((number, index) => {
    const before = numbers[index - 1];
    if (before !== undefined && number > before + 1) rows.push(`${blank} ${style.blue('┆')}`);
    const here = marks.filter((m) => m.range.start.line === number);
    const shown = new Line(source[number - 1] ?? '', columns - gutter - 3, here);
    rows.push(`${style.blue(`${String(number).padStart(gutter)} │`)} ${shown.text}`);
    for (const mark of here) {
      const colour = mark.primary ? paint : style.blue;
      for (const row of shown.underline(mark)) {
        rows.push(`${blank} ${style.blue('│')} ${colour(row)}`);
      }
    }
  });
  return rows;
}

/** One line of a file as it is shown: tabs expanded, and cut to the part that matters where it is too wide. */
class Line {
  readonly text: string;
  readonly #raw: string;
  readonly #columns: number;
  /** Cells left out at the left, with the ellipsis that stands for them. */
  readonly #skipped: number;

  constructor(raw: string, columns: number, marks: readonly Mark[]) {
    this.#raw = raw.replace(/\r$/, '');
    this.#columns = Math.max(20, columns);
    const full = this.#show(this.#raw);
    const lead = marks.find((m) => m.primary) ?? (marks[0] as Mark);
    const { start, end } = this.#cells(lead);
    if (width(full) <= this.#columns) this.#skipped = 0;
    else {
      // Leave some of what stands before the mark, for context.
      const room = Math.floor(this.#columns / 3);
      this.#skipped = Math.max(0, Math.min(start - room, end + 4 - this.#columns));
      if (start - this.#skipped < 2) this.#skipped = Math.max(0, start - 2);
    }
    this.text = cut(full, this.#skipped, this.#columns);
  }

  underline(mark: Mark): readonly string[] {
    const { start, end } = this.#cells(mark);
    const from = Math.max(0, Math.min(start - this.#skipped, this.#columns - 1));
    const to = Math.max(from + 1, Math.min(end - this.#skipped, this.#columns));
    const marker = ' '.repeat(from) + (mark.primary ? '^' : '─').repeat(to - from);
    const label = visible(mark.label);
    if (label === '') return [marker];
    if (to + 1 + width(label) <= this.#columns) return [`${marker} ${label}`];
    const indent = Math.max(0, Math.min(from, this.#columns - width(label)));
    return [marker, ' '.repeat(indent) + label];
  }

  /** The cells a mark covers. One without extent marks the line's text if it is only about the line. */
  #cells({ range, primary }: Mark): { readonly start: number; readonly end: number } {
    const last = this.#raw.trimEnd().length;
    const { start, end } = range;
    const empty = end.offset <= start.offset;
    if (empty && !primary && start.col === 1) {
      const first = this.#raw.length - this.#raw.trimStart().length;
      return { start: this.#widthTo(first), end: this.#widthTo(last) };
    }
    const from = Math.min(start.col - 1, this.#raw.length);
    const to = end.line > start.line ? last : Math.min(end.col - 1, this.#raw.length);
    const first = this.#widthTo(from);
    return { start: first, end: Math.max(first + 1, this.#widthTo(to)) };
  }

  #widthTo(unit: number): number {
    return width(this.#show(this.#raw.slice(0, unit)));
  }

  #show(text: string): string {
    return visible(text).replaceAll('\t', tab);
  }
}

/** The cells from `skipped` on, at most `columns`, with ellipses where something is missing. */
function cut(text: string, skipped: number, columns: number): string {
  let shown = '';
  let at = 0;
  const cells = width(text);
  const limit = skipped + columns;
  for (const character of text) {
    const size = cellsOf(character);
    const leftEdge = skipped > 0 && at < skipped + 1;
    const rightEdge = cells > limit && at + size > limit - 1;
    if (!leftEdge && !rightEdge) shown += character;
    at += size;
  }
  return `${skipped > 0 ? '…' : ''}${shown}${cells > limit ? '…' : ''}`;
}
