/** A search made ready: every combination compiled and within the budget before anything trains. */

import type { Source } from '../../1-load/load.ts';
import type { MapNode } from '../../1-load/tree.ts';
import { compile, isComplete } from '../../compile.ts';
import {
  nothingWithinBudget,
  sweepTrouble,
  unknownNetwork,
} from '../../diagnostics/codes/suite.ts';
import {
  type Diagnostic,
  diagnose,
  failed,
  type Outcome,
  outcome,
} from '../../diagnostics/diagnostic.ts';
import { didYouMean } from '../../diagnostics/suggest.ts';
import { loadSuite, nodeOf, type SuiteDocument } from '../load.ts';
import { planSuite, type SuiteNetwork, type SuitePlan } from '../plan.ts';
import { writtenOf } from '../written.ts';
import { type Base, checkKey, networkOf, recipeOf, type Values } from './candidate.ts';
import { type Rung, rungsOf } from './rungs.ts';
import { type Dimension, drawn, gridOf, overlap, plainOf, spaceOf } from './spaces.ts';

/** What `sweep:` of the file says, with its defaults. */
interface Written {
  readonly network?: string;
  readonly search: object;
  readonly method?: 'random' | 'grid';
  readonly trials?: number;
  readonly seed?: number;
  readonly minEpochs?: number;
  readonly eta?: number;
}

export interface Candidate {
  /** `t007`: its number in the order in which it was drawn. */
  readonly id: string;
  /** In the order of the dimensions. */
  readonly values: readonly unknown[];
  readonly network: SuiteNetwork;
}

export interface SweepPlan {
  readonly suite: SuitePlan;
  readonly base: SuiteNetwork;
  readonly method: 'random' | 'grid';
  readonly seed: number;
  readonly eta: number;
  readonly dimensions: readonly Dimension[];
  readonly candidates: readonly Candidate[];
  /** Combinations that do not compile or break the budget. */
  readonly leftOut: number;
  readonly rungs: readonly Rung[];
}

/** A number in [0, 1) that depends on all of these and on nothing else. */
export type Unit = (seed: number, ...place: readonly number[]) => number;

/** How often another combination is drawn in place of one that is over the budget or there already. */
const mostDraws = 200;
const largestGrid = 10_000;
/** As `netlathe train` has it. */
const defaultEpochs = 40;

export function planSweep(source: Source, reference: string, unit: Unit): Outcome<SweepPlan> {
  const planned = planSuite(source, reference);
  if (!planned.ok) return planned;
  const loaded = loadSuite(source, reference);
  if (!loaded.ok) return loaded;
  const document = loaded.value;
  const written = document.spec.sweep as Written | undefined;
  if (!written) {
    return trouble(document, undefined, 'the suite has no "sweep": nothing says what to search');
  }
  const base = baseOf(source, document, planned.value, written);
  if (!base.ok) return base;
  const dimensions = dimensionsOf(base.value, written);
  if (!dimensions.ok) return dimensions;
  const found = candidatesOf(source, base.value, dimensions.value, written, unit);
  if (!found.ok) return found;
  const { candidates, leftOut } = found.value;
  const { method = 'random', seed = 0, eta = 3, minEpochs } = written;
  const epochs = base.value.network.recipe.epochs ?? defaultEpochs;
  const plan: SweepPlan = {
    suite: planned.value,
    base: base.value.network,
    ...{ method, seed, eta, candidates, leftOut },
    dimensions: dimensions.value,
    rungs: rungsOf(candidates.length, epochs, { eta, minEpochs }),
  };
  return outcome(plan, planned.diagnostics);
}

function trouble(document: SuiteDocument, holder: object | undefined, text: string) {
  const place = (holder && document.places.of(holder)) ?? document.root;
  return failed(diagnose(sweepTrouble, { text }, { place }));
}

function baseOf(
  source: Source,
  document: SuiteDocument,
  plan: SuitePlan,
  sweep: Written,
): Outcome<Base> {
  const rivals = plan.networks.filter(({ ablation }) => !ablation);
  const wanted = sweep.network ?? rivals.find(({ role }) => role === 'rival')?.id;
  const network = rivals.find(({ id }) => id === wanted);
  const written = network && writtenOf(document, network.entry);
  if (!network || !written) {
    const name = String(wanted);
    const ids = rivals.map(({ id }) => id);
    const hint = didYouMean(name, ids) ?? `they are ${ids.join(', ')}`;
    const place = document.places.at(sweep, 'network') ?? document.places.of(sweep);
    return failed(diagnose(unknownNetwork, { name, where: '"sweep"' }, { place, hint }));
  }
  // Widths are solved anew for each combination, so the search begins before that.
  const at = network.reference.lastIndexOf('#');
  const [file, variant] =
    at > 0
      ? [network.reference.slice(0, at), network.reference.slice(at + 1)]
      : [network.reference, undefined];
  const local: Source = {
    read: (name) => source.read(name),
    resolve: (name, from) => source.resolve(name, from ?? document.file),
  };
  const compilation = compile(local, file, { variant });
  if (!isComplete(compilation)) return { ok: false, diagnostics: compilation.diagnostics };
  const kept = Object.entries(compilation.spec.spec).filter(
    ([key]) => !/^(variants|extends|train|budget|\$schema|x-)/.test(key),
  );
  const architecture = JSON.parse(JSON.stringify(Object.fromEntries(kept))) as Base['architecture'];
  const names = plan.networks.map(({ id }) => id);
  return outcome({ document, written, network, names, architecture }, []);
}

function dimensionsOf(base: Base, sweep: Written): Outcome<readonly Dimension[]> {
  const diagnostics: Diagnostic[] = [];
  const dimensions: Dimension[] = [];
  const search: MapNode | undefined = nodeOf(base.document, sweep.search);
  for (const [key, entry] of search?.entries ?? []) {
    const space = spaceOf(entry.value);
    const other = dimensions.find((dimension) => overlap(dimension.key, key));
    const wrong =
      typeof space === 'string' ? space : (clash(other) ?? epochsAreSearched(key, sweep));
    if (wrong !== undefined || typeof space === 'string') {
      const text = `${key}: ${wrong}`;
      diagnostics.push(diagnose(sweepTrouble, { text }, { place: entry.value.place }));
      continue;
    }
    const dimension = { key, entry, space };
    diagnostics.push(...checkKey(base, dimension).diagnostics);
    dimensions.push(dimension);
  }
  return outcome(dimensions, diagnostics);
}

const clash = (other: Dimension | undefined): string | undefined =>
  other && `it and "${other.key}" set the same; search one of them`;

function epochsAreSearched(key: string, { minEpochs }: Written): string | undefined {
  if (key === 'train.seed') return 'seeds are not searched; `seeds` averages over them';
  if (key !== 'train.epochs' || minEpochs === undefined) return undefined;
  return 'with minEpochs, the epochs are what the rungs change';
}

interface Found {
  readonly candidates: readonly Candidate[];
  readonly leftOut: number;
}

function candidatesOf(
  source: Source,
  base: Base,
  dimensions: readonly Dimension[],
  sweep: Written,
  unit: Unit,
): Outcome<Found> {
  const combinations = combinationsOf(base, dimensions, sweep, unit);
  if (!combinations.ok) return combinations;
  const candidates: Candidate[] = [];
  const seen = new Set<string>();
  let [leftOut, last] = [0, ''];
  for (const tries of combinations.value) {
    for (const values of tries) {
      const plain = values.map(plainOf);
      const key = JSON.stringify(plain);
      if (seen.has(key)) continue;
      seen.add(key);
      const recipe = recipeOf(base, dimensions, values);
      if (!recipe.ok) return recipe;
      const id = `t${String(candidates.length).padStart(3, '0')}`;
      const compiled = networkOf(source, base, dimensions, values, id);
      if (!compiled.ok) {
        leftOut++;
        last = compiled.diagnostics[0]?.message ?? '';
        continue;
      }
      const own = { id, label: id, recipe: recipe.value, ablation: undefined };
      candidates.push({
        id,
        values: plain,
        network: { ...base.network, ...compiled.value, ...own },
      });
      break;
    }
  }
  if (candidates.length > 0) return outcome({ candidates, leftOut }, []);
  const place = base.document.places.of(sweep) ?? base.document.root;
  return failed(diagnose(nothingWithinBudget, { tried: leftOut, last }, { place }));
}

/** For each trial the combinations to try, until one will do. */
function combinationsOf(
  base: Base,
  dimensions: readonly Dimension[],
  sweep: Written,
  unit: Unit,
): Outcome<Iterable<Iterable<Values>>> {
  const { method = 'random', trials = 16, seed = 0 } = sweep;
  if (method === 'random') {
    const one = (trial: number, attempt: number): Values =>
      dimensions.map((dimension, i) => drawn(dimension, unit(seed, trial, attempt, i)));
    const lazily = function* (trial: number): Iterable<Values> {
      for (let attempt = 0; attempt < mostDraws; attempt++) yield one(trial, attempt);
    };
    return outcome(
      Array.from({ length: trials }, (_, trial) => lazily(trial)),
      [],
    );
  }
  const axes = dimensions.map(gridOf);
  const wrong = axes.findIndex((axis) => typeof axis === 'string');
  if (wrong >= 0) {
    const { key, entry } = dimensions[wrong] as Dimension;
    const text = `${key}: ${axes[wrong]}`;
    return failed(diagnose(sweepTrouble, { text }, { place: entry.value.place }));
  }
  const lists = axes as readonly Values[];
  const size = lists.reduce((product, list) => product * list.length, 1);
  if (size > largestGrid) {
    return trouble(
      base.document,
      sweep,
      `the grid has ${size} combinations; ${largestGrid} at most`,
    );
  }
  let all: readonly Values[] = [[]];
  for (const list of lists) all = all.flatMap((values) => list.map((value) => [...values, value]));
  return outcome(
    all.map((values) => [values]),
    [],
  );
}
