/** The questions of the suite, each with its answer. */

import { html } from '../../report/html.ts';
import { type Section, section } from '../../report/sections/section.ts';
import { answersOf } from '../answers.ts';
import type { Context } from './context.ts';

export function answers({ comparison, words, speaker }: Context): Section | undefined {
  if (comparison.questions.length === 0) return undefined;
  const cards = answersOf(comparison, speaker).map(
    ({ question, sentences: [first, ...rest] }) =>
      html`<article class="answer"><h3>${question}</h3><p class="first">${first}</p>${rest.map((s) => html`<p>${s}</p>`)}</article>`,
  );
  return section(
    'answers',
    words.heads.answers,
    html`<p class="intro">${words.answers.intro}</p>`,
    html`<div class="answers">${cards}</div>`,
  );
}
