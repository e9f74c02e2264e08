/** What the student had from its teacher, epoch by epoch. */
import { drawChart } from '../charts.ts';
import * as format from '../format.ts';
import { type Html, html, name } from '../html.ts';
import type { Distillation, EpochMetrics, RunRecord } from '../records.ts';
import { type Section, section } from './section.ts';

type Taught = EpochMetrics & { readonly train: { readonly distillation: Distillation } };

const isTaught = (m: EpochMetrics): m is Taught => m.train.distillation !== undefined;

/** `undefined` for a run without a teacher. */
export async function teacher(
  { teacher: by, recipe }: RunRecord,
  metrics: readonly EpochMetrics[],
): Promise<Section | undefined> {
  const epochs = metrics.filter(isTaught);
  const last = epochs.at(-1);
  if (!by || !last) return undefined;
  const [loss, accuracy] = await Promise.all([
    figure('Loss', epochs, {
      write: format.decimals,
      own: ['all of it', (m) => m.train.loss],
      theirs: ['from the teacher', (m) => m.train.distillation.loss],
    }),
    figure('Accuracy on the training images', epochs, {
      write: format.percent,
      own: ['student', (m) => m.train.top1],
      theirs: ['teacher', (m) => m.train.distillation.teacherTop1],
    }),
  ]);
  const { method, temperature, alpha, hints } = recipe.distill ?? {};
  const { height, width, channels } = by.input;
  const prose = html`<p><b>${name(by.name)}</b> taught, with ${format.integer(by.parameters)} parameters (${method}, temperature ${temperature}, alpha ${alpha}). It saw the student's own augmented images, as ${width}×${height}×${channels}.</p>
${hints && hints.length > 0 ? html`<p>${format.plural(hints.length, 'hint')} from layer to layer brought ${format.decimals(last.train.distillation.hints)} of that loss in the last epoch.</p>` : undefined}
<p>In the last epoch the two said the same of ${format.percent(last.train.distillation.agreement)} of them.</p>
${by.cached ? html`<p>No photo was ever altered, so the teacher was asked once about each.</p>` : undefined}`;
  const body = html`<div class="grid two">${loss}${accuracy}<div class="prose">${prose}</div></div>`;
  return section('teacher', 'From the teacher', body);
}

type Line = readonly [label: string, value: (m: Taught) => number];

async function figure(
  title: string,
  epochs: readonly Taught[],
  { write, own, theirs }: { write: (x: number) => string; own: Line; theirs: Line },
): Promise<Html> {
  const values = [own, theirs].map(([, value]) => epochs.map(value));
  const [mine = [], given = []] = values;
  const ends = (line: readonly number[]) => `${write(line[0] ?? 0)} to ${write(line.at(-1) ?? 0)}`;
  const chart = await drawChart({
    description: `${title} over ${format.plural(epochs.length, 'epoch')}: ${own[0]} from ${ends(mine)}, ${theirs[0]} from ${ends(given)}`,
    epochs: epochs.map((m) => m.epoch),
    series: [
      { key: 'train', values: mine },
      { key: 'rate', values: given },
    ],
    unit: write === format.percent ? 'share' : 'number',
    aspect: 0.5,
  });
  return html`<figure><figcaption><h3>${title}</h3><span class="legend">
<span class="key train">${own[0]} ${write(mine.at(-1) ?? 0)}</span>
<span class="key rate">${theirs[0]} ${write(given.at(-1) ?? 0)}</span></span></figcaption>${chart}</figure>`;
}
