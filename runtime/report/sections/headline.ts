/** The top of the page: what was trained, how good it is, what it costs, and how far to trust that. */
import type { Verdict } from '../../../compiler/5-budget/check.ts';
import type { Figure } from '../figure.ts';
import * as format from '../format.ts';
import { type Html, html, name } from '../html.ts';
import type { EpochMetrics, EvaluationRecord, RunRecord, RunStatus } from '../records.ts';
import { bar } from './section.ts';

const statusWords: Readonly<Record<RunStatus, string>> = {
  running: 'Running',
  finished: 'Finished',
  stopped: 'Stopped early',
  interrupted: 'Interrupted',
  failed: 'Failed',
};

export function headline(
  run: RunRecord,
  metrics: readonly EpochMetrics[],
  figure: Figure | undefined,
): Html {
  const layers = run.architecture.counts.layers.length;
  return html`
<header>
<p class="over"><span class="status ${run.status}">${statusWords[run.status]}</span> <time datetime="${run.startedAt}">${format.moment(run.startedAt)}</time></p>
<h1>${name(run.name)}</h1>
<p class="lead">${format.plural(run.classes.length, 'class', 'classes')}, ${format.plural(layers, 'layer')},
trained for ${lengthOf(run, metrics)} on ${format.plural(run.data.train.count, 'photo')} in ${format.duration(run.seconds)}.</p>
<div class="heroes">
${accuracy(run, figure)}
${cost(run)}
</div>
</header>`;
}

/** In epochs; in steps where the last epoch was cut short. */
function lengthOf({ recipe, data }: RunRecord, metrics: readonly EpochMetrics[]): string {
  const { epoch = 0, step = 0 } = metrics.at(-1) ?? {};
  const photos = recipe.batch * recipe.accumulate;
  // An epoch may leave out less than a batch.
  const isWhole = (step + epoch) * photos > data.train.count * epoch;
  if (isWhole) return format.plural(epoch, 'epoch');
  const share = ((step * photos) / data.train.count).toFixed(2);
  return `${format.plural(step, 'step')} of ${format.plural(photos, 'photo')} (${share} epochs)`;
}

const splitWords = { train: 'training', validation: 'validation', test: 'test' } as const;

function accuracy(run: RunRecord, figure: Figure | undefined): Html {
  if (!figure) {
    return html`<div class="hero"><h2>Accuracy</h2><p class="big">–</p><p>No epoch has been finished yet.</p></div>`;
  }
  const { top1, interval, count, split, standing } = figure;
  const title = standing === 'seen' ? 'Accuracy on photos it was trained on' : 'Accuracy';
  const range = interval
    ? html`95% interval ${format.percent(interval.low)} to ${format.percent(interval.high)}, `
    : undefined;
  return html`<div class="hero ${standing}"><h2>${title}</h2>
<p class="big">${format.percent(top1)}</p>
${ruler(figure, run.classes.length)}
<p>${range}${format.plural(count, `${splitWords[split]} photo`)}</p></div>`;
}

/** The accuracy on a line from 0 to 100%, with its interval and what guessing would give. */
function ruler({ top1, interval }: Figure, classes: number): Html {
  const chance = 1 / Math.max(1, classes);
  const band = interval
    ? html`<i class="band" style="left:${format.width(interval.low)};width:${format.width(interval.high - interval.low)}"></i>`
    : undefined;
  const label = `${format.percent(top1)} on a scale from 0 to 100%; guessing gives ${format.percent(chance)}`;
  return html`<div class="ruler" role="img" aria-label="${label}"><i class="fill" style="width:${format.width(top1)}"></i>${band}<i class="chance" style="left:${format.width(chance)}"></i><i class="tick" style="left:${format.width(top1)}"></i></div>
<p class="scale" aria-hidden="true"><span style="margin-left:${format.width(chance)}">guessing ${format.percent(chance)}</span><span>100%</span></p>`;
}

function cost(run: RunRecord): Html {
  const { counts, verdicts } = run.architecture;
  const params = verdicts.filter(({ metric }) => metric === 'params');
  const state = params.length === 0 ? 'open' : params.every(({ ok }) => ok) ? 'kept' : 'broken';
  const gauge = params[0] ? bar(format.width(fullness(params[0])), state) : undefined;
  return html`<div class="hero cost ${state}"><h2>Parameters</h2>
<p class="big">${format.integer(counts.params.trainable)}</p>
${gauge}
${params.length === 0 ? html`<p>No limit is set.</p>` : params.map((v) => html`<p>Budget: ${allowed(v)} ${verdictMark(v)}</p>`)}</div>`;
}

const fullness = ({ actual, allowed: { maximum } }: Verdict): number =>
  maximum === 0 ? 1 : actual / maximum;

/** In words and in colour. */
export function verdictMark({ ok, actual, allowed: { minimum, maximum } }: Verdict): Html {
  if (ok) return html`<strong class="verdict kept">✓ kept</strong>`;
  const difference =
    actual > maximum
      ? `${format.integer(actual - maximum)} too many`
      : `${format.integer(minimum - actual)} too few`;
  return html`<strong class="verdict broken">✗ broken</strong>, ${difference}`;
}

export function allowed({ limit, allowed: { minimum, maximum } }: Verdict): string {
  if (limit === 'exactly') return `exactly ${format.integer(maximum)}`;
  if (limit === 'atMost') return `at most ${format.integer(maximum)}`;
  return `${format.integer(minimum)} to ${format.integer(maximum)}`;
}

/** What a reader must know before believing the figure. */
export function notices(run: RunRecord, figure: Figure | undefined): Html {
  return html`${[...troubles(run), ...caveats(run, figure)]}`;
}

const notice = (kind: 'warn' | 'note', title: string, body: string): Html =>
  html`<aside class="notice ${kind}" aria-label="${title}"><strong>${title}</strong> ${body}</aside>`;

function troubles({ status }: RunRecord): Html[] {
  if (status === 'failed') {
    return [notice('warn', 'The run failed.', 'What follows is what it had reached until then.')];
  }
  if (status === 'interrupted') {
    const body = 'It can be continued from its last checkpoint with --resume.';
    return [notice('note', 'The run was interrupted.', body)];
  }
  return [];
}

function caveats({ data, best }: RunRecord, figure: Figure | undefined): Html[] {
  if (figure?.standing === 'held-out') return [];
  if (data.merged) {
    const body =
      'The recipe merges the validation photos into training, so every figure on this page is of photos the network ' +
      'was trained on. It says nothing about new photos.';
    return [notice('warn', 'No held-out figure exists.', body)];
  }
  if (!data.validation) {
    const body =
      'The run had no validation photos: the figures are of photos the network was trained on. data.holdOut in the ' +
      'recipe keeps a share of them apart.';
    return [notice('warn', 'No held-out figure exists.', body)];
  }
  if (figure?.standing === 'chosen' && best) {
    const body =
      `Of all epochs, number ${best.epoch} was the best on these validation photos, so the figure is on the data that ` +
      'chose it and a little too high. Photos that were not used at all would give a fair one.';
    return [notice('note', 'Validation chose the epoch.', body)];
  }
  return [];
}

export function facts(
  run: RunRecord,
  metrics: readonly EpochMetrics[],
  evaluation: EvaluationRecord | undefined,
): Html {
  const { counts } = run.architecture;
  const last = metrics.at(-1);
  const speed = metrics.length
    ? metrics.reduce((sum, m) => sum + m.imagesPerSecond, 0) / metrics.length
    : undefined;
  const entries: [string, string][] = [
    ...(evaluation && run.classes.length > 5
      ? [['Top-5 accuracy', format.percent(evaluation.top5)] as [string, string]]
      : []),
    ...(evaluation ? [['Loss', format.decimals(evaluation.loss)] as [string, string]] : []),
    ...(last && !evaluation
      ? [['Training loss', format.decimals(last.train.loss)] as [string, string]]
      : []),
    ['Multiply-adds a photo', format.magnitude(counts.macs)],
    ['Size as int8', format.bytes(counts.weightBytes.int8)],
    ['Training time', format.duration(run.seconds)],
    ['Photos a second', format.rate(speed)],
    ['Peak memory', format.bytes(run.peakMemoryBytes)],
  ];
  return html`<dl class="facts">${entries.map(([term, value]) => html`<div><dt>${term}</dt><dd>${value}</dd></div>`)}</dl>`;
}
