/** Epochs until an accuracy was first reached. */

import * as format from '../../report/format.ts';
import { type Html, html } from '../../report/html.ts';
import { type Section, scrollBox, section } from '../../report/sections/section.ts';
import type { Reached } from '../comparison.ts';
import { type Context, titled } from './context.ts';

export function speed(context: Context): Section | undefined {
  const { words, shown } = context;
  const timed = shown.filter(({ reached }) => reached.length > 0);
  const targets = timed[0]?.reached.map(({ target }) => target) ?? [];
  if (targets.length === 0) return undefined;
  const heads = targets.map(
    (target) => html`<th scope="col">${words.speed.epochsTo(`${Math.round(100 * target)}%`)}</th>`,
  );
  const rows = timed.map(
    (n) =>
      html`<tr><th scope="row">${titled(n, context)}</th>${n.reached.map((r) => cell(r, context))}</tr>\n`,
  );
  const table = html`<table class="numbers"><caption>${words.speed.caption}</caption><thead><tr><th scope="col">${words.cost.network}</th>${heads}</tr></thead><tbody>${rows}</tbody></table>`;
  return section(
    'speed',
    words.heads.speed,
    html`<p class="intro">${words.speed.intro}</p>`,
    scrollBox(words.speed.caption, '', table),
  );
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, v) => sum + v, 0) / values.length;

function cell({ epochs, seconds }: Reached, { words }: Context): Html {
  const got = epochs.filter((e) => e !== null);
  if (got.length === 0) return html`<td class="zero">${words.speed.never}</td>`;
  const time = format.duration(mean(seconds.filter((s) => s !== null)));
  const some =
    got.length < epochs.length ? ` · ${words.speed.reached(got.length, epochs.length)}` : '';
  return html`<td><b>${mean(got).toFixed(1)}</b> <small>${time}${some}</small></td>`;
}
