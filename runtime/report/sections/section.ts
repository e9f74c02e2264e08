/** What all parts of the page share. */
import { type Html, html, type Renderable } from '../html.ts';

export interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: Html;
}

export function section(id: string, title: string, ...body: readonly Renderable[]): Section {
  return { id, title, body: html`${body}` };
}

export const renderSection = ({ id, title, body }: Section): Html => html`
<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${body}
</section>`;

/** A box that scrolls by itself; it takes the focus so that the keyboard can scroll it too. */
export const scrollBox = (label: string, className: string, body: Html): Html =>
  html`<div class="scroll ${className}" role="region" aria-label="${label}" tabindex="0">${body}</div>`;

/** A cell with a number and, where there is a share to show, its bar. */
export const meterCell = (text: string, share: string, className: string): Html =>
  html`<td class="meter"><div>${bar(share, className)}<span>${text}</span></div></td>`;

/** The number beside it is the text; the bar says nothing more. */
export const bar = (width: string, className = ''): Html =>
  html`<span class="bar ${className}" aria-hidden="true"><i style="width:${width}"></i></span>`;
