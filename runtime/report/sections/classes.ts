/** Recall and precision of each class, the weakest first. */
import * as format from '../format.ts';
import { type Html, html, name } from '../html.ts';
import type { ClassFigures, EvaluationRecord } from '../records.ts';
import { meterCell, type Section, scrollBox, section } from './section.ts';

export function classes({ perClass }: EvaluationRecord): Section | undefined {
  if (perClass.length === 0) return undefined;
  // A class without photos has no recall and goes last.
  const sorted = [...perClass].sort((a, b) => (a.recall ?? 2) - (b.recall ?? 2));
  const table = html`<table class="numbers bars"><caption>Recall and precision of each class</caption><thead><tr><th scope="col">Class</th><th scope="col">Photos</th><th scope="col">Recall</th><th scope="col">Precision</th></tr></thead><tbody>${sorted.map(row)}</tbody></table>`;
  const intro = html`<p class="intro">Recall: the share of a class's photos that were recognised. Precision: the share of the photos given this name that deserve it. Weakest recall first.</p>`;
  return section(
    'classes',
    'Class by class',
    intro,
    scrollBox('Recall and precision', 'tall', table),
  );
}

const row = ({ label, count, recall, precision }: ClassFigures): Html =>
  html`<tr><th scope="row">${name(label)}</th><td>${format.integer(count)}</td>${meter(recall, 'recall')}${meter(precision, 'precision')}</tr>\n`;

const meter = (share: number | null, kind: string): Html =>
  meterCell(format.percent(share), format.width(share ?? 0), kind);
