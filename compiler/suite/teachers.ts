/** Who learns from whom: `distill.teacher` of each recipe, found among the networks of the suite. */

import type { Recipe } from '../2-validate/spec.ts';
import { teacherTrouble } from '../diagnostics/codes/suite.ts';
import { type Diagnostic, diagnose, type Place } from '../diagnostics/diagnostic.ts';
import type { SuiteDocument } from './load.ts';
import type { SuiteNetwork } from './plan.ts';
import { writtenOf } from './written.ts';

/** Before its teacher was looked for. */
export type Untaught = Omit<SuiteNetwork, 'teacher'>;

/** Each by its own recipe, so that an ablation of `distill` has a teacher of its own, or none. */
export function withTeachers(networks: readonly Untaught[]): readonly SuiteNetwork[] {
  const ids = new Set(networks.map(({ id }) => id));
  return networks.map((network) => {
    const teacher = teacherOf(network.recipe);
    return { ...network, teacher: teacher !== undefined && ids.has(teacher) ? teacher : undefined };
  });
}

/** What `distill.teacher` names, where the recipe distils at all. */
export function teacherOf(recipe: Recipe): string | undefined {
  const { distill } = recipe as { readonly distill?: { readonly teacher?: unknown } };
  return typeof distill?.teacher === 'string' ? distill.teacher : undefined;
}

/** Which run of a teacher a student of this seed learns from. */
export function teacherSeed(teacher: SuiteNetwork, seed: number): number {
  return teacher.seeds.includes(seed) ? seed : (teacher.seeds[0] as number);
}

export function checkTeachers(
  document: SuiteDocument,
  networks: readonly SuiteNetwork[],
): readonly Diagnostic[] {
  const byId = new Map(networks.map((n) => [n.id, n]));
  return networks.flatMap((student) => {
    const teacher = student.teacher === undefined ? undefined : byId.get(student.teacher);
    const text = teacher
      ? (circle(student, teacher, byId) ?? missingSeeds(student, teacher))
      : onlyVariants(document, student, networks);
    if (text === undefined) return [];
    return [diagnose(teacherTrouble, { text }, { place: teacherPlace(document, student) })];
  });
}

function circle(
  student: SuiteNetwork,
  teacher: SuiteNetwork,
  byId: ReadonlyMap<string, SuiteNetwork>,
): string | undefined {
  const chain = [student.id];
  for (
    let at: SuiteNetwork | undefined = teacher;
    at;
    at = at.teacher ? byId.get(at.teacher) : undefined
  ) {
    if (chain.includes(at.id))
      return `"${student.id}" would learn from itself: ${[...chain, at.id].join(' from ')}`;
    chain.push(at.id);
  }
  return undefined;
}

function missingSeeds(student: SuiteNetwork, teacher: SuiteNetwork): string | undefined {
  if (teacher.seeds.length === 1) return undefined;
  const missing = student.seeds.filter((seed) => !teacher.seeds.includes(seed));
  if (missing.length === 0) return undefined;
  return `"${teacher.id}" is trained with the seeds ${teacher.seeds.join(', ')}, and "${student.id}" also with ${missing.join(', ')}`;
}

/** An entry with `variants` is no network itself. */
function onlyVariants(
  { spec }: SuiteDocument,
  { recipe }: SuiteNetwork,
  networks: readonly SuiteNetwork[],
): string | undefined {
  const named = teacherOf(recipe);
  if (named === undefined || !Object.hasOwn(spec.networks, named)) return undefined;
  const variants = networks.filter(({ entry, ablation }) => entry === named && !ablation);
  // There are none where the architecture does not compile, which is said already.
  if (variants.length === 0) return undefined;
  return `"${named}" stands for its variants: name one of ${variants.map(({ id }) => id).join(', ')}`;
}

function teacherPlace(document: SuiteDocument, { entry, ablation }: SuiteNetwork): Place {
  const { spec, places, root } = document;
  const vary = spec.ablate?.vary as object | undefined;
  if (ablation && vary && /^distill\b/.test(ablation.key)) {
    const place = places.at(vary, ablation.key);
    if (place) return place;
  }
  const own = writtenOf(document, entry)?.train as { readonly distill?: object } | undefined;
  const common = spec.train as { readonly distill?: object } | undefined;
  const holder = own?.distill ?? common?.distill;
  return (holder && places.at(holder, 'teacher')) ?? places.key(spec.networks, entry) ?? root;
}
