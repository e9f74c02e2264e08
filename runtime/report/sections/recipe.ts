/** The recipe by the names it has in YAML, with what differs from the defaults standing out. */
import * as format from '../format.ts';
import { type Html, html, name } from '../html.ts';
import { type Recipe, resolveRecipe } from '../../train/recipe.ts';
import { type Section, section } from './section.ts';

export interface Setting {
  /** As in YAML: `optimizer.learningRate`. */
  readonly key: string;
  readonly value: string;
  /** Where it is another. */
  readonly byDefault: string | undefined;
}

export function recipe(used: Recipe): Section {
  const groups = Map.groupBy
    ? Map.groupBy(settings(used), groupOf)
    : grouped(settings(used));
  const tables = [...groups].map(([title, list]) => table(title, list));
  const intro = html`<p class="intro">As in the YAML. What differs from the default is <b class="changed">marked</b>, with the default after it.</p>`;
  return section('recipe', 'Recipe', intro, html`<div class="recipe">${tables}</div>`);
}
