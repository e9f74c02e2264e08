/** Where and on what the run happened: what is needed to repeat it. */
import * as format from '../format.ts';
import { type Html, html, name } from '../html.ts';
import type { EpochMetrics, RunRecord } from '../records.ts';
import { type Section, scrollBox, section } from './section.ts';

export function environment(run: RunRecord, metrics: readonly EpochMetrics[]): Section {
  const machine: [string, Html | string][] = [
    ['netlathe', run.netlathe],
    ['Node', run.node],
    ['Processor', run.cpu],
    ['Threads', format.integer(run.threads)],
    ['Engine', `${run.engine}, ${run.numerics} numerics`],
    ...(run.gpu === undefined ? [] : [['GPU', run.gpu] as [string, string]]),
    ['Seed', String(run.seed)],
    ['Time', format.duration(run.seconds)],
    ['Steps', format.integer(metrics.at(-1)?.step)],
    ['Peak memory', format.bytes(run.peakMemoryBytes)],
  ];
  const { data } = run;
  const photos: [string, Html | string][] = [
    ['Folder', name(data.root)],
    ['Fingerprint', html`<code>${data.fingerprint}</code>`],
    ['Training', format.plural(data.train.count, 'photo')],
    ['Validation', validation(run)],
    ['Decoder', data.decoder],
  ];
  const body = html`<div class="grid two">${list('Machine', machine)}${list('Data', photos)}</div>
<details><summary>Photos of each class</summary>${scrollBox('Photos of each class', 'tall', perClass(run))}</details>`;
  return section('environment', 'Data and machine', body);
}

const validation = ({ data }: RunRecord): string => {
  const merged = data.merged ? ', trained on too' : '';
  if (!data.validation) return data.merged ? 'none: merged into training' : 'none';
  return format.plural(data.validation.count, 'photo') + merged;
};

const list = (title: string, entries: readonly [string, Html | string][]): Html =>
  html`<div><h3>${title}</h3><dl class="pairs">${entries.map(([t, v]) => html`<div><dt>${t}</dt><dd>${v}</dd></div>`)}</dl></div>`;

function perClass({ classes, data }: RunRecord): Html {
  const { train, validation } = data;
  const rows = classes.map(
    (label, i) =>
      html`<tr><th scope="row">${name(label)}</th><td>${format.integer(train.perClass[i])}</td>${validation && html`<td>${format.integer(validation.perClass[i])}</td>`}</tr>`,
  );
  return html`<table class="numbers"><caption>Photos of each class</caption><thead><tr><th scope="col">Class</th><th scope="col">Training</th>${validation && html`<th scope="col">Validation</th>`}</tr></thead><tbody>${rows}</tbody></table>`;
}
