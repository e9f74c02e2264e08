/** Answers of runtimes as rows of a table, and the check that all computed the same network. */

import { aligned } from '../shared/aligned.ts';
import type { Named } from '../shared/peer.ts';

export interface Hello extends Named {
  /** Milliseconds from before the runtime is loaded to its first logits. */
  readonly start: number;
  readonly logits: readonly number[];
}

export interface Row {
  readonly label: string;
  readonly own: boolean;
  readonly starts: readonly number[];
  readonly times: readonly number[];
  /** MiB; not known inside a browser. */
  readonly peakMemory: number | undefined;
  /** Code that a page loads, brotli; not for native programs. */
  readonly codeBytes: number | undefined;
}

/** int8 moves logits; it is judged by `emit` and `verify`, not here. */
const closeEnough = 2e-3;

/** Throws where two runtimes did not compute the same: their times would not compare. */
export function sameLogits(hellos: readonly Hello[]): void {
  const [first] = hellos;
  const scale = Math.max(1, ...(first?.logits ?? []).map(Math.abs));
  for (const { label, logits } of hellos) {
    if (label.includes('int8')) continue;
    const apart = Math.max(...logits.map((v, i) => Math.abs(v - (first?.logits[i] ?? 0))));
    if (apart / scale < closeEnough) continue;
    throw new Error(`${label} and ${first?.label} do not agree: ${apart} apart`);
  }
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Times, and how many times as long each peer takes as each of ours. */
export function tableOf(title: string, rows: readonly Row[]): string {
  const own = rows.filter((row) => row.own);
  const header = ['', 'median ms', 'best', 'p95', 'first logits, ms', 'code, KB brotli', 'memory'];
  const ratios = own.map(({ label }) => `x ${label.replace('netlathe ', '')}`);
  const cells = rows.map((row) => [
    row.label,
    quantile(row.times, 0.5).toFixed(2),
    Math.min(...row.times).toFixed(2),
    quantile(row.times, 0.95).toFixed(2),
    quantile(row.starts, 0.5).toFixed(0),
    row.codeBytes === undefined ? '' : (row.codeBytes / 1000).toFixed(1),
    row.peakMemory === undefined ? '' : `${row.peakMemory.toFixed(0)} MiB`,
    ...own.map((ours) => ratio(row, ours)),
  ]);
  return [`### ${title}`, '', ...aligned([...header, ...ratios], cells), ''].join('\n');
}

function ratio(row: Row, ours: Row): string {
  if (row === ours) return '-';
  const medians = quantile(row.times, 0.5) / quantile(ours.times, 0.5);
  return `${medians.toFixed(2)} (${(Math.min(...row.times) / Math.min(...ours.times)).toFixed(2)})`;
}
