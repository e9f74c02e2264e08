/**
 * A suite made ready: every architecture compiled and brought to the budget, every recipe whole, teachers before their
 * students. Whatever is wrong shows here, before anything trains.
 */

import type { Source } from '../1-load/load.ts';
import type { Budget, Recipe } from '../2-validate/spec.ts';
import type { Verdict } from '../5-budget/check.ts';
import type { Compiled } from '../compile.ts';
import { repeatedTrial, unknownNetwork } from '../diagnostics/codes/suite.ts';
import {
  type Diagnostic,
  diagnose,
  type Outcome,
  outcome,
  type Place,
  withoutRepeats,
} from '../diagnostics/diagnostic.ts';
import { didYouMean } from '../diagnostics/suggest.ts';
import { type AblationRequest, ablations } from './ablate.ts';
import { loadSuite, mergeRecipes, nodeOf, type SuiteDocument } from './load.ts';
import { type PreparedNetwork, prepareNetwork, type Widths } from './network.ts';
import type { Network } from './spec.ts';
import { checkTeachers, type Untaught, withTeachers } from './teachers.ts';

/** In one language or in both. */
export type Text = string | { readonly en?: string; readonly zh?: string };

export interface Ablation {
  /** The network that is varied. */
  readonly of: string;
  /** As in YAML, with dots. */
  readonly key: string;
  /** `undefined`: the key is left out. */
  readonly value: unknown;
}

/** A network of the suite: one folder of runs, one a seed. */
export interface SuiteNetwork {
  readonly id: string;
  /** Its name under `networks:`, which variants share, and ablations have from the network they vary. */
  readonly entry: string;
  readonly label: Text;
  readonly role: 'rival' | 'teacher';
  /** As the suite names it. */
  readonly reference: string;
  /** With the widths it is trained with. */
  readonly compiled: Compiled;
  /** Where the widths were solved. */
  readonly fitted: Widths | undefined;
  /** Against the limits that hold for it here. */
  readonly verdicts: readonly Verdict[];
  /** Held to limits of its own instead of the common budget. */
  readonly ownBudget: boolean;
  readonly recipe: Recipe;
  readonly seeds: readonly number[];
  /** The network of the suite that it learns from. */
  readonly teacher: string | undefined;
  readonly ablation: Ablation | undefined;
}

export interface SuitePlan {
  readonly file: string;
  readonly name: string;
  readonly title: Text;
  readonly description: Text | undefined;
  /** As the suite says it, relative to its file. */
  readonly data: string | undefined;
  readonly budget: Budget | undefined;
  /** The recipe that they share. */
  readonly recipe: Recipe;
  readonly seeds: readonly number[];
  /** In the order of the file, ablations last. */
  readonly networks: readonly SuiteNetwork[];
  readonly questions: readonly { readonly ask: Text; readonly of: readonly string[] }[];
}

export interface PlanOptions {
  /** On top of what the file varies. */
  readonly ablate?: AblationRequest | undefined;
  /** Whether two recipes come to the same once all defaults are written out. */
  readonly same?: (a: Recipe, b: Recipe) => boolean;
}

export function planSuite(
  source: Source,
  reference: string,
  options: PlanOptions = {},
): Outcome<SuitePlan> {
  const loaded = loadSuite(source, reference);
  if (!loaded.ok) return loaded;
  const diagnostics: Diagnostic[] = [...loaded.diagnostics];
  const collect = <T>(result: Outcome<T>): T | undefined => {
    diagnostics.push(...result.diagnostics);
    return result.ok ? result.value : undefined;
  };
  const document = loaded.value;
  const { spec } = document;
  const common = collect(mergeRecipes(document, nodeOf(document, spec.train)));
  const networks: Untaught[] = [];
  for (const [id, written] of Object.entries(spec.networks)) {
    const found = collect(networksOf(source, document, id, written as Network));
    networks.push(...(found ?? []));
  }
  const varied = collect(ablations(document, networks, options)) ?? [];
  const all = withTeachers([...networks, ...varied]);
  diagnostics.push(
    ...repeated(document, all),
    ...strangers(document, all),
    ...checkTeachers(document, all),
  );
  const plan: SuitePlan = {
    file: document.file,
    name: spec.name,
    title: spec.title ?? spec.name,
    description: spec.description,
    data: spec.data,
    budget: spec.budget,
    recipe: common ?? {},
    seeds: spec.seeds ?? [common?.seed ?? 0],
    networks: all,
    questions: (spec.questions ?? []) as SuitePlan['questions'],
  };
  return outcome(plan, withoutRepeats(diagnostics));
}

/** One, or one a variant. */
function networksOf(
  source: Source,
  document: SuiteDocument,
  id: string,
  written: Network,
): Outcome<readonly Untaught[]> {
  const { spec } = document;
  const place = document.places.at(written, 'arch') ?? document.root;
  const changes = nodeOf(document, written.train as object | undefined);
  const recipe = mergeRecipes(document, nodeOf(document, spec.train), changes);
  const prepared = prepareNetwork(source, document, id, written, place);
  const diagnostics = [...recipe.diagnostics, ...prepared.diagnostics];
  if (!recipe.ok || !prepared.ok) return { ok: false, diagnostics };
  const seeds = written.seeds ?? spec.seeds ?? [recipe.value.seed ?? 0];
  const whole = prepared.value.map((p) => assembled(p, id, written, recipe.value, seeds));
  return outcome(whole, diagnostics);
}

function assembled(
  { id, variant, ...prepared }: PreparedNetwork,
  entry: string,
  written: Network,
  recipe: Recipe,
  seeds: readonly number[],
): Untaught {
  return {
    id,
    entry,
    label: labelOf(written.label as Text | undefined, variant) ?? id,
    role: written.role ?? 'rival',
    ...prepared,
    ownBudget: written.budget !== undefined || written.role === 'teacher',
    recipe,
    seeds,
    ablation: undefined,
  };
}

function labelOf(label: Text | undefined, variant: string | undefined): Text | undefined {
  if (label === undefined || variant === undefined) return label;
  if (typeof label === 'string') return `${label}, ${variant}`;
  return Object.fromEntries(
    Object.entries(label).map(([lang, text]) => [lang, `${text}, ${variant}`]),
  );
}

function repeated(document: SuiteDocument, networks: readonly SuiteNetwork[]): Diagnostic[] {
  const ids = networks.map(({ id }) => id);
  const twice = networks.filter(({ id }, i) => ids.indexOf(id) !== i);
  return twice.map((network) =>
    diagnose(repeatedTrial, { name: network.id }, { place: placeOf(document, network) }),
  );
}

/** Where it is asked for. */
function placeOf({ spec, places, root }: SuiteDocument, network: SuiteNetwork): Place {
  const { entry, ablation } = network;
  const place = ablation ? spec.ablate && places.of(spec.ablate) : places.key(spec.networks, entry);
  return place ?? root;
}

/** Questions about networks that there are not. */
function strangers(document: SuiteDocument, networks: readonly SuiteNetwork[]): Diagnostic[] {
  const ids = networks.map(({ id }) => id);
  // Of which something worse was said already.
  const unplanned = Object.keys(document.spec.networks).filter(
    (entry) => !networks.some((network) => network.entry === entry),
  );
  const isUnplanned = (name: string) =>
    unplanned.some((entry) => name === entry || name.startsWith(`${entry}-`));
  return (document.spec.questions ?? []).flatMap(({ of }) =>
    of.flatMap((name, i) =>
      ids.includes(name) || isUnplanned(name)
        ? []
        : [
            diagnose(
              unknownNetwork,
              { name, where: 'the question' },
              {
                place: document.places.at(of, i),
                hint: didYouMean(name, ids) ?? `they are ${ids.join(', ')}`,
              },
            ),
          ],
    ),
  );
}
