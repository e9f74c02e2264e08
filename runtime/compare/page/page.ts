/** The page of a comparison: data in, HTML out. It needs no script, no network and no other file. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import Handlebars from 'handlebars';
import { packageRoot } from '../../package-root.ts';
import { type Html, html, trusted } from '../../report/html.ts';
import { renderSection, type Section } from '../../report/sections/section.ts';
import type { Comparison } from '../comparison.ts';
import { type Language, textIn } from '../words/index.ts';
import { ablation } from './ablation.ts';
import { accuracy } from './accuracy.ts';
import { answers } from './answers.ts';
import { confusion } from './confusion.ts';
import { contextOf } from './context.ts';
import { cost } from './cost.ts';
import { curves } from './curves.ts';
import { differences } from './differences.ts';
import { header, notices } from './header.ts';
import { networks } from './networks.ts';
import { speed } from './speed.ts';
import { method, recipe, trials } from './trials.ts';

/** The holes of templates/comparison.hbs. Strings are escaped there, Html is not. */
interface Page {
  readonly lang: string;
  readonly title: string;
  readonly version: string;
  readonly style: Html;
  readonly header: Html;
  readonly notices: Html;
  readonly contentsLabel: string;
  readonly contents: Html;
  readonly sections: Html;
  readonly footer: string;
}

export async function renderComparison(
  comparison: Comparison,
  language: Language,
): Promise<string> {
  const context = contextOf(comparison, language);
  const { words } = context;
  const parts: readonly (Section | undefined)[] = [
    answers(context),
    accuracy(context),
    differences(context),
    await curves(context),
    await cost(context),
    speed(context),
    ablation(context),
    confusion(context),
    networks(context),
    recipe(context),
    trials(context),
    method(context),
  ];
  const sections = parts.filter((s): s is Section => s !== undefined);
  const { template, style } = await loadSkeleton();
  return template({
    lang: words.lang,
    title: `${textIn(comparison.title, language)} · netlathe`,
    version: comparison.netlathe,
    style,
    header: header(context),
    notices: notices(context),
    contentsLabel: words.contents,
    contents: html`${sections.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)}`,
    sections: html`${sections.map(renderSection)}`,
    footer: words.footer(comparison.netlathe),
  });
}

/** In the order of the cascade: those of a run's report first. */
const styles = [
  'report/base',
  'report/headline',
  'report/sections',
  'report/tables',
  'report/matrix',
  'report/lists',
  'comparison/colours',
  'comparison/parts',
  'report/narrow',
  'report/print',
  'comparison/adapt',
] as const;

interface Skeleton {
  readonly template: Handlebars.TemplateDelegate<Page>;
  readonly style: Html;
}

async function loadSkeleton(): Promise<Skeleton> {
  const read = (file: string) => readFile(join(packageRoot(), 'templates', file), 'utf8');
  const [text, ...parts] = await Promise.all([
    read('comparison.hbs'),
    ...styles.map((part) => read(`${part}.css`)),
  ]);
  const template = Handlebars.compile<Page>(text, { knownHelpersOnly: true, strict: true });
  return { template, style: trusted(parts.join('\n')) };
}
