/** What every part of the page reads. */

import { type Html, html, name } from '../../report/html.ts';
import type { Speaker } from '../answers.ts';
import type { Comparison, NetworkResult } from '../comparison.ts';
import { type Language, textIn, type Words, words } from '../words/index.ts';
import { colours, dashOf } from './charts.ts';

export interface Context {
  readonly comparison: Comparison;
  readonly language: Language;
  readonly words: Words;
  readonly speaker: Speaker;
  /** Those that are compared with each other: no ablations. */
  readonly shown: readonly NetworkResult[];
  readonly indexOf: (network: NetworkResult) => number;
}

/** Keeps a name from changing the direction of the text around it, in plain text. */
const isolated = (text: string): string => `\u2068${text}\u2069`;

export function contextOf(comparison: Comparison, language: Language): Context {
  const { networks } = comparison;
  return {
    comparison,
    language,
    words: words[language],
    speaker: { language, words: words[language], name: isolated },
    shown: networks.filter(({ ablation }) => !ablation),
    indexOf: (network) => networks.findIndex(({ id }) => id === network.id),
  };
}

export const labelOf = (network: NetworkResult, { language }: Context): string =>
  textIn(network.label, language);

/** The letter of a network, in its colour. */
export const tag = (network: NetworkResult, { indexOf }: Context): Html =>
  html`<span class="tag n${indexOf(network) % colours}" aria-hidden="true">${network.tag}</span>`;

export const titled = (network: NetworkResult, context: Context): Html =>
  html`<span class="net">${tag(network, context)}<span>${name(labelOf(network, context))}</span></span>`;

/** Legend of a drawing: letter, dash where it has lines, name. */
export function legend(networks: readonly NetworkResult[], context: Context, lines: boolean): Html {
  const items = networks.map((network) => {
    const index = context.indexOf(network);
    const line = lines
      ? html`<svg class="dash" viewBox="0 0 26 4" aria-hidden="true"><line x1="0" y1="2" x2="26" y2="2" stroke="var(--n${index % colours})" stroke-width="2" stroke-dasharray="${dashOf(index).join(' ')}"/></svg>`
      : undefined;
    return html`<li>${tag(network, context)}${line}<span>${name(labelOf(network, context))}</span></li>`;
  });
  return html`<ul class="nets">${items}</ul>`;
}

export function byAccuracy(networks: readonly NetworkResult[]): readonly NetworkResult[] {
  const mean = (n: NetworkResult) => n.accuracy?.mean ?? Number.NEGATIVE_INFINITY;
  return [...networks].sort((a, b) => mean(b) - mean(a));
}
