/** What the comparison rests on: the recipe, every run, and how it was measured. */

import * as format from '../../report/format.ts';
import { type Html, html, name } from '../../report/html.ts';
import { recipeTables } from '../../report/sections/recipe.ts';
import { type Section, scrollBox, section } from '../../report/sections/section.ts';
import type { NetworkResult, TrialResult } from '../comparison.ts';
import { type Context, titled } from './context.ts';

export function recipe({ comparison, words }: Context): Section {
  return section(
    'recipe',
    words.heads.recipe,
    html`<p class="intro">${words.recipe.intro}</p>`,
    recipeTables(comparison.recipe, words.recipe.byDefault, ['seed']),
  );
}

export function trials(context: Context): Section {
  const { comparison, words } = context;
  const heads = words.trials.columns.map((column, i) =>
    i === 2
      ? html`<th scope="col" class="text">${column}</th>`
      : html`<th scope="col">${column}</th>`,
  );
  const rows = comparison.networks.flatMap((n) => n.trials.map((t) => row(n, t, context)));
  const table = html`<table class="numbers trials"><caption>${words.trials.caption}</caption><thead><tr>${heads}</tr></thead><tbody>${rows}</tbody></table>`;
  return section(
    'trials',
    words.heads.trials,
    html`<p class="intro">${words.trials.intro}</p>`,
    scrollBox(words.trials.caption, 'tall', table),
  );
}

function row(network: NetworkResult, trial: TrialResult, context: Context): Html {
  const { words } = context;
  const reason = trial.reason === null ? undefined : html` <small>${name(trial.reason)}</small>`;
  const best = trial.bestEpoch === null ? '–' : String(trial.bestEpoch);
  return html`<tr class="${trial.status}"><th scope="row">${titled(network, context)}</th><td>${trial.seed}</td><td class="text"><span class="state ${trial.status}">${words.trials.status[trial.status]}</span>${reason}</td><td>${format.percent(trial.top1)}</td><td>${best}</td><td>${format.percent(trial.lastTop1)}</td><td>${trial.epochs}</td><td>${format.duration(trial.seconds)}</td></tr>\n`;
}

export function method({ comparison, words }: Context): Section {
  const { numerics, engine, cpu, node, netlathe } = comparison;
  const paragraphs = words.method.paragraphs({
    numerics: numerics ?? '–',
    engine: engine ?? '–',
    cpu: cpu ?? '–',
    node,
    version: netlathe,
  });
  return section(
    'method',
    words.heads.method,
    html`<div class="prose">${paragraphs.map((p) => html`<p>${p}</p>`)}</div>`,
  );
}
