/** The recipe by the names it has in YAML, with what differs from the defaults standing out. */
import { type Recipe, resolveRecipe } from '../../train/recipe.ts';
import { type Html, html } from '../html.ts';
import { type Section, section } from './section.ts';

export interface Setting {
  /** As in YAML: `optimizer.learningRate`. */
  readonly key: string;
  readonly value: string;
  /** Where it is another. */
  readonly byDefault: string | undefined;
}

export function recipe(used: Recipe): Section {
  const intro = html`<p class="intro">By the names of the YAML. What differs from the default is <b class="changed">marked</b>.</p>`;
  return section('recipe', 'Recipe', intro, recipeTables(used, 'default'));
}

/** `byDefault` is the word before a default that does not hold; `without` are keys that are said elsewhere. */
export function recipeTables(
  used: Recipe,
  byDefault: string,
  without: readonly string[] = [],
): Html {
  const groups = new Map<string, Setting[]>();
  for (const setting of settings(used)) {
    if (without.includes(setting.key)) continue;
    const dot = setting.key.indexOf('.');
    const title = dot < 0 ? 'train' : setting.key.slice(0, dot);
    groups.set(title, [...(groups.get(title) ?? []), setting]);
  }
  const tables = [...groups].map(([title, list]) => table(title, list, byDefault));
  return html`<div class="recipe">${tables}</div>`;
}

const table = (title: string, list: readonly Setting[], word: string): Html =>
  html`<table><caption>${title}</caption><tbody>${list.map((s) => row(title, s, word))}</tbody></table>`;

function row(title: string, { key, value, byDefault }: Setting, word: string): Html {
  const label = key.startsWith(`${title}.`) ? key.slice(title.length + 1) : key;
  if (byDefault === undefined)
    return html`<tr><th scope="row">${label}</th><td><bdi>${value}</bdi></td></tr>`;
  return html`<tr class="changed"><th scope="row">${label}</th><td><small>${word} ${byDefault}</small> <b><bdi>${value}</bdi></b></td></tr>`;
}

/** All that has a say in this run: what another optimizer or schedule would read is left out. */
export function settings(used: Recipe): Setting[] {
  const defaults = new Map(flatten(resolveRecipe(undefined)));
  const values = flatten(used).filter(([key]) => applies(used, key));
  return values.map(([key, value]) => {
    const byDefault = defaults.get(key) ?? off;
    return { key, value, byDefault: value === byDefault ? undefined : byDefault };
  });
}

const off = 'off';

/** Closed objects become dotted keys; what is not set says so. */
function flatten(value: unknown, key = ''): [key: string, value: string][] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return Object.entries(value).flatMap(([part, inner]) =>
      flatten(inner, key === '' ? part : `${key}.${part}`),
    );
  }
  // Folders that the recipe does not name are found by their names.
  const found = key === 'data.train' || key === 'data.validation';
  return [[key, found && value === undefined ? 'as found' : write(value)]];
}

function write(value: unknown): string {
  if (value === undefined || value === null || value === false) return off;
  if (value === true) return 'on';
  if (Array.isArray(value)) {
    const between = value.some((item) => typeof item === 'object') ? '; ' : ', ';
    return value.length === 0 ? 'none' : value.map(write).join(between);
  }
  if (typeof value === 'object') {
    const entries = Object.entries(value).map(([key, inner]) => `${key} ${write(inner)}`);
    return entries.join(', ');
  }
  return String(value);
}

/** Settings that only some optimizers and schedules read. */
const readers: Readonly<Record<string, readonly string[]>> = {
  'optimizer.momentum': ['sgd', 'rmsprop'],
  'optimizer.nesterov': ['sgd'],
  'optimizer.beta1': ['adam', 'adamw'],
  'optimizer.beta2': ['adam', 'adamw', 'rmsprop'],
  'optimizer.epsilon': ['adam', 'adamw', 'rmsprop'],
  'schedule.warmupEpochs': ['constant', 'step', 'cosine'],
  'schedule.milestones': ['step'],
  'schedule.factor': ['step'],
  'schedule.floor': ['cosine', 'oneCycle'],
  'schedule.rise': ['oneCycle'],
};

function applies({ optimizer, schedule, steps }: Recipe, key: string): boolean {
  if (key === 'steps') return steps !== undefined;
  if (!Object.hasOwn(readers, key)) return true;
  const name = key.startsWith('optimizer.') ? optimizer.name : schedule.name;
  return readers[key]?.includes(name) ?? true;
}
