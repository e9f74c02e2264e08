/** The page of one training run: data in, HTML out. It needs no script, no network and no other file. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import Handlebars from 'handlebars';
import { packageRoot } from '../package-root.ts';
import { leadingFigure } from './figure.ts';
import { type Html, html, trusted } from './html.ts';
import type { EpochMetrics, EvaluationRecord, RunRecord } from './records.ts';
import { budget } from './sections/budget.ts';
import { classes } from './sections/classes.ts';
import { confusion } from './sections/confusion.ts';
import { curves } from './sections/curves.ts';
import { environment } from './sections/environment.ts';
import { facts, headline, notices } from './sections/headline.ts';
import { mistakes } from './sections/mistakes.ts';
import { recipe } from './sections/recipe.ts';
import { renderSection, type Section } from './sections/section.ts';
import { teacher } from './sections/teacher.ts';

/** The holes of templates/report.hbs. Strings are escaped there, Html is not. */
interface Page {
  readonly title: string;
  readonly version: string;
  readonly style: Html;
  readonly headline: Html;
  readonly notices: Html;
  readonly facts: Html;
  readonly contents: Html;
  readonly sections: Html;
}

export async function renderReport(
  run: RunRecord,
  metrics: readonly EpochMetrics[],
  evaluation: EvaluationRecord | undefined,
): Promise<string> {
  const { template, style } = await loadSkeleton();
  const figure = leadingFigure(run, metrics, evaluation);
  const sections = [
    await curves(run, metrics),
    await teacher(run, metrics),
    ...(evaluation ? [confusion(evaluation), classes(evaluation), mistakes(evaluation)] : []),
    recipe(run.recipe),
    budget(run.architecture),
    environment(run, metrics),
  ].filter((s): s is Section => s !== undefined);
  return template({
    title: `${run.name} · netlathe`,
    version: run.netlathe,
    style,
    headline: headline(run, metrics, figure),
    notices: notices(run, figure),
    facts: facts(run, metrics, evaluation),
    contents: html`${sections.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)}`,
    sections: html`${sections.map(renderSection)}`,
  });
}

interface Skeleton {
  readonly template: Handlebars.TemplateDelegate<Page>;
  readonly style: Html;
}

let skeleton: Promise<Skeleton> | undefined;

/** Read once: the trainer may write the page after every epoch. */
function loadSkeleton(): Promise<Skeleton> {
  skeleton ??= readSkeleton();
  return skeleton;
}

/** In the order of the cascade: what adapts to the screen and to paper comes last. */
const styles = [
  'base',
  'headline',
  'sections',
  'tables',
  'matrix',
  'photos',
  'lists',
  'narrow',
  'print',
] as const;

async function readSkeleton(): Promise<Skeleton> {
  const read = (file: string) => readFile(join(packageRoot(), 'templates', file), 'utf8');
  const [text, ...parts] = await Promise.all([
    read('report.hbs'),
    ...styles.map((part) => read(`report/${part}.css`)),
  ]);
  const template = Handlebars.compile<Page>(text, { knownHelpersOnly: true, strict: true });
  return { template, style: trusted(parts.join('\n')) };
}
