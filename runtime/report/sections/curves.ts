/** Loss, accuracy and learning rate over the epochs, drawn and as a table. */
import { drawChart } from '../charts.ts';
import * as format from '../format.ts';
import { type Html, html } from '../html.ts';
import type { EpochMetrics, RunRecord } from '../records.ts';
import { type Section, scrollBox, section } from './section.ts';

export async function curves(run: RunRecord, metrics: readonly EpochMetrics[]): Promise<Section> {
  if (metrics.length === 0) {
    return section(
      'curves',
      'Training',
      html`<p class="empty">No epoch has been finished yet.</p>`,
    );
  }
  const [loss, accuracy, rate] = await Promise.all([
    pair(run, metrics, 'loss'),
    pair(run, metrics, 'top1'),
    learningRate(metrics, run.recipe.optimizer.learningRate),
  ]);
  const body = html`<div class="grid two">${loss}${accuracy}${rate}<div class="prose">${remarks(run, metrics)}</div></div>
<details><summary>${metrics.length === 1 ? 'The epoch' : `All ${metrics.length} epochs`} as a table</summary>${epochTable(run, metrics)}</details>`;
  return section('curves', 'Training', body);
}

const words = { loss: 'Loss', top1: 'Accuracy' } as const;

async function pair(
  { best }: RunRecord,
  metrics: readonly EpochMetrics[],
  what: 'loss' | 'top1',
): Promise<Html> {
  const write = what === 'loss' ? format.decimals : format.percent;
  const validated = metrics.some((m) => m.validation);
  const train = metrics.map((m) => m.train[what]);
  const validation = metrics.map((m) => m.validation?.[what] ?? null);
  const ends = (values: readonly (number | null)[]) =>
    `${write(values[0])} to ${write(values.at(-1))}`;
  const description =
    `${words[what]} over ${format.plural(metrics.length, 'epoch')}: training from ${ends(train)}` +
    (validated ? `, validation from ${ends(validation)}` : '');
  const chart = await drawChart({
    description,
    epochs: metrics.map((m) => m.epoch),
    series: [
      { key: 'train', values: train },
      ...(validated ? [{ key: 'validation' as const, values: validation }] : []),
    ],
    unit: what === 'loss' ? 'number' : 'share',
    mark: best?.epoch,
    aspect: 0.5,
  });
  return html`<figure><figcaption><h3>${words[what]}</h3><span class="legend">
<span class="key train">training ${write(train.at(-1))}</span>
${validated ? html`<span class="key validation">validation ${write(validation.at(-1))}</span>` : undefined}</span></figcaption>${chart}</figure>`;
}

/** Rates at the ends of epochs, which may miss the highest. */
async function learningRate(metrics: readonly EpochMetrics[], highest: number): Promise<Html> {
  const rates = metrics.map((m) => m.learningRate);
  const peak = format.compact(highest);
  const chart = await drawChart({
    description: `Learning rate at the ends of ${format.plural(metrics.length, 'epoch')}; the recipe's highest is ${peak}`,
    epochs: metrics.map((m) => m.epoch),
    series: [{ key: 'rate', values: rates }],
    unit: 'number',
    fromZero: true,
    aspect: 0.25,
  });
  return html`<figure><figcaption><h3>Learning rate</h3><span class="legend"><span class="key rate">at the ends of epochs; the recipe's highest is ${peak}</span></span></figcaption>${chart}</figure>`;
}

function remarks({ best, recipe }: RunRecord, metrics: readonly EpochMetrics[]): Html[] {
  const last = metrics.at(-1) as EpochMetrics;
  const { mixup, cutmix, augment, labelSmoothing } = recipe;
  const altered =
    mixup > 0 || cutmix > 0 || augment.randomResizedCrop || augment.erase || augment.randAugment;
  const { validation } = last;
  return [
    html`<p>Left to right: epochs. One took ${format.duration(last.seconds / metrics.length)} on average${validation && ', validation included'}.</p>`,
    ...(best
      ? [
          html`<p>The line marks epoch ${best.epoch}, whose weights were kept: ${format.percent(best.top1)} on validation.</p>`,
        ]
      : []),
    ...(last.ema && validation ? [html`<p>Validation is of the averaged weights (EMA).</p>`] : []),
    ...(altered && validation && validation.top1 > last.train.top1
      ? [
          html`<p>Training photos were altered at random, which makes them harder: hence validation is ahead.</p>`,
        ]
      : []),
    ...(labelSmoothing > 0
      ? [html`<p>With label smoothing of ${labelSmoothing} the training loss cannot reach 0.</p>`]
      : []),
  ];
}

function epochTable({ best }: RunRecord, metrics: readonly EpochMetrics[]): Html {
  const validated = metrics.some((m) => m.validation);
  const heads = validated
    ? html`<th scope="col">Validation loss</th><th scope="col">Top-1</th><th scope="col">Top-5</th>`
    : undefined;
  const rows = metrics.map((m) => {
    const v = m.validation;
    const figures = validated
      ? html`<td>${format.decimals(v?.loss)}</td><td>${format.percent(v?.top1)}</td><td>${format.percent(v?.top5)}</td>`
      : undefined;
    const chosen = m.epoch === best?.epoch ? 'chosen' : '';
    return html`<tr class="${chosen}"><th scope="row">${m.epoch}${chosen && html` <small>best</small>`}</th><td>${format.decimals(m.train.loss)}</td><td>${format.percent(m.train.top1)}</td>${figures}<td>${format.compact(m.learningRate)}</td><td>${format.rate(m.imagesPerSecond)}</td><td>${format.duration(m.seconds)}</td></tr>`;
  });
  const table = html`<table class="numbers"><caption>Figures of every epoch</caption><thead><tr><th scope="col">Epoch</th><th scope="col">Training loss</th><th scope="col">Accuracy</th>${heads}<th scope="col">Learning rate</th><th scope="col">Photos/s</th><th scope="col">Time so far</th></tr></thead><tbody>${rows}</tbody></table>`;
  return scrollBox('Figures of every epoch', 'tall', table);
}
