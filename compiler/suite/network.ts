/** The architectures of a suite: compiled, and their widths solved where the suite asks for that. */

import type { Source } from '../1-load/load.ts';
import type { Budget } from '../2-validate/spec.ts';
import { checkBudget, type Verdict } from '../5-budget/check.ts';
import { count } from '../5-budget/counts.ts';
import { build } from '../5-budget/fit/evaluate.ts';
import { fitWidths, type Goal, goalOf, showGoal } from '../5-budget/fit.ts';
import { type Compiled, compile, isComplete } from '../compile.ts';
import {
  cannotReachBudget,
  noBudgetToFit,
  noVariants,
  overCommonBudget,
  ownRecipe,
} from '../diagnostics/codes/suite.ts';
import {
  bug,
  type Diagnostic,
  diagnose,
  failed,
  type Outcome,
  outcome,
  type Place,
} from '../diagnostics/diagnostic.ts';
import type { SuiteDocument } from './load.ts';
import type { Network } from './spec.ts';

export interface Widths {
  readonly goal: Goal;
  readonly before: readonly number[];
  readonly after: readonly number[];
}

export interface PreparedNetwork {
  readonly id: string;
  readonly variant: string | undefined;
  readonly reference: string;
  readonly compiled: Compiled;
  readonly fitted: Widths | undefined;
  readonly verdicts: readonly Verdict[];
}

export function prepareNetwork(
  source: Source,
  document: SuiteDocument,
  id: string,
  written: Network,
  place: Place,
): Outcome<readonly PreparedNetwork[]> {
  const { file, variant } = splitReference(written.arch);
  // What the suite names counts from the suite's own file.
  const local: Source = {
    read: (name) => source.read(name),
    resolve: (name, from) => source.resolve(name, from ?? document.file),
  };
  const listed = variantsOf(local, file, variant, written);
  if (listed === undefined) {
    return failed(
      diagnose(noVariants, { file }, { place: document.places.at(written, 'variants') }),
    );
  }
  const diagnostics: Diagnostic[] = [];
  const prepared: PreparedNetwork[] = [];
  for (const chosen of listed) {
    const called = written.variants === undefined ? id : `${id}-${chosen}`;
    const result = one(local, document, called, written, { file, variant: chosen, place });
    diagnostics.push(...result.diagnostics);
    if (result.ok) {
      const tag = written.variants === undefined ? undefined : chosen;
      prepared.push({ ...result.value, variant: tag });
    }
  }
  return outcome(prepared, diagnostics);
}

interface Chosen {
  readonly file: string;
  readonly variant: string | undefined;
  readonly place: Place;
}

function one(
  source: Source,
  document: SuiteDocument,
  id: string,
  written: Network,
  { file, variant, place }: Chosen,
): Outcome<Omit<PreparedNetwork, 'variant'>> {
  const compilation = compile(source, file, { variant });
  const diagnostics = compilation.diagnostics.map((d) => askedFrom(d, place));
  if (!isComplete(compilation)) return { ok: false, diagnostics };
  const reference = variant === undefined ? file : `${file}#${variant}`;
  if (compilation.normal.recipe) {
    diagnostics.push(diagnose(ownRecipe, { file: reference }, { place }));
  }
  const budget = budgetOf(document, written);
  const wanted = fitting(written);
  const fitted = wanted
    ? solveWidths(compilation, id, budget, wanted, document, written)
    : undefined;
  if (fitted && !fitted.ok)
    return { ok: false, diagnostics: [...diagnostics, ...fitted.diagnostics] };
  const compiled = fitted?.value.compiled ?? compilation;
  const { verdicts, violations } = limits(compiled, budget, document, id, written, place);
  const value = {
    id,
    reference,
    compiled,
    fitted: fitted?.value.widths,
    // Widths that were solved have nothing to do with the limits of the file that they came from.
    verdicts: fitted ? verdicts : distinct([...compilation.budget.verdicts, ...verdicts]),
  };
  return outcome(value, [...diagnostics, ...violations]);
}

/** A file that cannot be read has no place of its own; in one that can, the suite's line is worth knowing. */
function askedFrom(diagnostic: Diagnostic, place: Place): Diagnostic {
  if (!diagnostic.place) return { ...diagnostic, place };
  const related = [...diagnostic.related, { place, message: 'the suite asks for it here' }];
  return { ...diagnostic, related };
}

/** The file and the suite may well say the same. */
function distinct(verdicts: readonly Verdict[]): readonly Verdict[] {
  const keys = verdicts.map((v) => JSON.stringify(v));
  return verdicts.filter((_, i) => keys.indexOf(keys[i] as string) === i);
}

function splitReference(text: string): {
  readonly file: string;
  readonly variant: string | undefined;
} {
  const at = text.lastIndexOf('#');
  if (at <= 0) return { file: text, variant: undefined };
  return { file: text.slice(0, at), variant: text.slice(at + 1) };
}

/** `undefined` where all variants are asked for and there is none. */
function variantsOf(
  source: Source,
  file: string,
  variant: string | undefined,
  { variants }: Network,
): readonly (string | undefined)[] | undefined {
  if (variants === undefined) return [variant];
  if (Array.isArray(variants)) return variants as readonly string[];
  const known = compile(source, file).document?.variants;
  // What cannot be read is said when it is compiled.
  if (known === undefined) return [variant];
  return known.length === 0 ? undefined : known;
}

function budgetOf({ spec }: SuiteDocument, { budget, role }: Network): Budget | undefined {
  if (budget === false) return undefined;
  return (budget as Budget | undefined) ?? (role === 'teacher' ? undefined : spec.budget);
}

function fitting({
  fit,
}: Network): { readonly vary?: string; readonly multipleOf?: number } | undefined {
  if (fit === undefined || fit === false) return undefined;
  return fit === true ? {} : (fit as { readonly vary?: string; readonly multipleOf?: number });
}

function solveWidths(
  compiled: Compiled,
  id: string,
  budget: Budget | undefined,
  request: { readonly vary?: string; readonly multipleOf?: number },
  document: SuiteDocument,
  written: Network,
): Outcome<{ readonly compiled: Compiled; readonly widths: Widths }> {
  const place = document.places.at(written, 'fit') ?? document.root;
  const target = { ...compiled, normal: { ...compiled.normal, budget } };
  const goal = goalOf(target, 'params') ?? goalOf(target, 'macs');
  if (!goal) return failed(diagnose(noBudgetToFit, {}, { place }));
  const result = fitWidths(target, { ...request, goal });
  if (!result.ok) return failed(...result.diagnostics);
  const [best] = result.value.solutions;
  if (!best || !result.value.met) {
    const nearest = best ? best[goal.metric].toLocaleString('en-US') : 'none';
    return failed(
      diagnose(cannotReachBudget, { network: id, goal: showGoal(goal), nearest }, { place }),
    );
  }
  const built = build(compiled.spec, best.bandwidth) ?? bug('fitted widths do not compile');
  const spec = { ...compiled.spec, spec: { ...compiled.spec.spec, bandwidth: best.bandwidth } };
  const widths = { goal, before: result.value.current.widths, after: best.widths };
  return outcome(
    { compiled: { ...compiled, ...built, spec, counts: count(built.graph) }, widths },
    [],
  );
}

/** Against the common budget, or the one that the network has here instead. */
function limits(
  { counts }: Compiled,
  budget: Budget | undefined,
  document: SuiteDocument,
  id: string,
  written: Network,
  place: Place,
): { readonly verdicts: readonly Verdict[]; readonly violations: readonly Diagnostic[] } {
  const { verdicts } = checkBudget(counts, budget, document.places);
  const own = written.budget !== undefined;
  const related = budgetPlace(document, own ? written : document.spec);
  const violations = verdicts
    .filter(({ ok }) => !ok)
    .map(({ metric, actual, allowed }) =>
      diagnose(
        overCommonBudget,
        { network: id, metric, actual: actual.toLocaleString('en-US'), rule: rule(allowed) },
        {
          place,
          related: related ? [{ place: related, message: 'this is the limit' }] : [],
          hint: own ? undefined : 'solve its widths with fit: true, or give it a budget of its own',
        },
      ),
    );
  return { verdicts, violations };
}

function budgetPlace({ places }: SuiteDocument, holder: object): Place | undefined {
  return places.key(holder, 'budget');
}

function rule({ minimum, maximum }: Verdict['allowed']): string {
  const [low, high] = [minimum, maximum].map((n) => n.toLocaleString('en-US'));
  if (minimum === maximum) return `exactly ${high}`;
  return minimum === 0 ? `at most ${high}` : `${low} to ${high}`;
}
