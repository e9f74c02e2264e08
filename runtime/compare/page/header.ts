/** The top of the page: what was compared, and what a reader must know before believing it. */

import * as format from '../../report/format.ts';
import { type Html, html } from '../../report/html.ts';
import { label, paramsOf } from '../answers.ts';
import type { NetworkResult, TrialStatus } from '../comparison.ts';
import { criticalT } from '../student-t.ts';
import { textIn } from '../words/index.ts';
import type { Context } from './context.ts';

export function header({ comparison, words, language }: Context): Html {
  const { title, description, startedAt } = comparison;
  const [done, all] = countOf(comparison.networks);
  const status = done === all ? 'finished' : 'interrupted';
  const time = startedAt
    ? html` <time datetime="${startedAt}">${format.moment(startedAt)}</time>`
    : undefined;
  return html`
<header>
<p class="over"><span>${words.over.comparison}</span> <span class="status ${status}">${words.over.trials(done, all)}</span>${time}</p>
<h1>${textIn(title, language)}</h1>
${description === null ? undefined : html`<p class="lead">${textIn(description, language)}</p>`}
<p class="lead small">${lead(comparison, words)}</p>
</header>`;
}

function lead(
  { networks, recipe, photos, classes, seconds }: Context['comparison'],
  words: Context['words'],
): string {
  const finished = networks.flatMap((n) => n.trials.filter((t) => t.status === 'finished'));
  // Networks may have a number of their own, or stop early.
  const lengths = finished.length > 0 ? finished.map((t) => t.epochs) : [recipe.epochs];
  const [least, most] = [Math.min(...lengths), Math.max(...lengths)];
  const epochs =
    words.lang === 'en'
      ? `${least === most ? '' : `${least} to `}${format.plural(most, 'epoch')}`
      : `${least === most ? '' : `${least} 至 `}${most} 轮`;
  const each = networks.map((n) => n.trials.length);
  return words.lead({
    networks: networks.length,
    seeds: { least: Math.min(...each), most: Math.max(...each) },
    epochs,
    train: format.integer(photos?.train),
    validation: photos?.validation ? format.integer(photos.validation) : null,
    classes: classes.length,
    time: format.duration(seconds),
  });
}

export function countOf(networks: readonly NetworkResult[]): readonly [done: number, all: number] {
  const trials = networks.flatMap((n) => n.trials);
  return [trials.filter(({ status }) => status === 'finished').length, trials.length];
}

export function notices(context: Context): Html {
  const { comparison, words, shown, speaker } = context;
  const { notices: said } = words;
  const [done, all] = countOf(comparison.networks);
  const failed = withTrial(comparison.networks, 'failed');
  const notHeldOut = comparison.networks.filter(
    (n) => !n.heldOut && n.trials.some(({ status }) => status === 'finished'),
  );
  const list = (networks: readonly NetworkResult[]) =>
    words.and(networks.map((n) => label(n, speaker)));
  const lacking = comparison.networks.filter((n) =>
    n.trials.some(({ status }) => status !== 'finished'),
  );
  const broken = shown.filter((n) => n.verdicts.some(({ ok }) => !ok));
  return html`${[
    done < all ? notice('warn', said.unfinished(done, all, list(lacking))) : undefined,
    failed.length > 0 ? notice('warn', said.failed(list(failed))) : undefined,
    comparison.seeds.length === 1 && done > 0 ? notice('warn', said.oneSeed()) : undefined,
    broken.length > 0 ? notice('warn', said.broken(list(broken))) : undefined,
    unequal(context),
    notHeldOut.length > 0 ? notice('note', said.notHeldOut(list(notHeldOut))) : undefined,
    otherPhotos(shown) ? notice('note', said.otherPhotos()) : undefined,
    isChosen(comparison.networks) ? chosen(context) : undefined,
  ]}`;
}

const notice = (kind: 'warn' | 'note', [title, body]: readonly [string, string]): Html =>
  html`<aside class="notice ${kind}" aria-label="${title}"><strong>${title}</strong> ${body}</aside>`;

const withTrial = (networks: readonly NetworkResult[], wanted: TrialStatus) =>
  networks.filter((n) => n.trials.some(({ status }) => status === wanted));

/** The lesson of the report that this repeats: it compared networks of 224,011 to 277,611 parameters. */
function unequal({ shown, words, speaker }: Context): Html | undefined {
  const rivals = shown.filter(({ role }) => role === 'rival');
  const sorted = [...rivals].sort((a, b) => paramsOf(a) - paramsOf(b));
  const [smallest, largest] = [sorted[0], sorted.at(-1)];
  if (!smallest || !largest) return undefined;
  const more = paramsOf(largest) / paramsOf(smallest) - 1;
  if (more <= 0.02) return undefined;
  return notice(
    'warn',
    words.notices.unequal({
      smallest: label(smallest, speaker),
      largest: label(largest, speaker),
      low: format.integer(paramsOf(smallest)),
      high: format.integer(paramsOf(largest)),
      percent: format.percent(more),
    }),
  );
}

/** Networks whose validation is held out, with other photos at the same seed. */
function otherPhotos(networks: readonly NetworkResult[]): boolean {
  const bySeed = new Map<number, Set<string>>();
  for (const trial of networks.filter((n) => n.heldOut).flatMap((n) => n.trials)) {
    if (trial.data === null) continue;
    bySeed.set(trial.seed, (bySeed.get(trial.seed) ?? new Set()).add(trial.data));
  }
  return [...bySeed.values()].some((prints) => prints.size > 1);
}

const isChosen = (networks: readonly NetworkResult[]): boolean =>
  networks.some((n) => n.trials.some((t) => t.top1 !== null && t.epochs > 1));

function chosen({ comparison, words }: Context): Html {
  const n = comparison.seeds.length;
  const [title, body] = words.notices.chosen();
  const few =
    n > 1 && n < 6 ? ` ${words.notices.fewSeeds(n, criticalT(0.05, n - 1).toFixed(1))}` : '';
  return notice('note', [title, body + few]);
}
