/** The mistakes the network was surest of, with their photos. */
import * as format from '../format.ts';
import { type Html, html, name } from '../html.ts';
import type { EvaluationRecord, Mistake } from '../records.ts';
import { type Section, section } from './section.ts';

export function mistakes({ worst }: EvaluationRecord): Section | undefined {
  if (worst.length === 0) return undefined;
  const intro = html`<p class="intro">The photos it got wrong and was surest about. Look here first for wrong labels.</p>`;
  return section(
    'mistakes',
    'Worst mistakes',
    intro,
    html`<ul class="photos">${worst.map(card)}</ul>`,
  );
}

function card({ path, label, predicted, confidence, thumbnail }: Mistake): Html {
  const picture = isPicture(thumbnail)
    ? html`<img src="${thumbnail}" alt="">`
    : html`<span class="no-picture">no picture</span>`;
  return html`<li>${picture}<p class="said"><b>${name(predicted)}</b> <span>${format.percent(confidence)}</span></p><p class="truth">is ${name(label)}</p><p class="path" title="${path}">${name(path)}</p></li>\n`;
}

/** Kinds that cannot hold markup or links; the content security policy would stop the rest as well. */
const isPicture = (uri: string): boolean =>
  /^data:image\/(?:png|jpeg|webp);base64,[A-Za-z0-9+/]+={0,2}$/.test(uri);
