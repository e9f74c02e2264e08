/**
 * The compiler, phase by phase:
 *
 *     YAML text
 *       1 load       text -> document with places
 *       2 validate   document -> Spec
 *       3 normalize  Spec -> flat list of layers
 *       4 infer      layers -> Graph
 *       5 budget     Graph -> counts and a verdict a limit
 *
 * A phase that finds errors ends the run with all it found; what the earlier phases made is still there for whoever
 * wants to look (`--print`).
 */

import { type Document, type LoadOptions, load, type Source } from './1-load/load.ts';
import { type CheckedSpec, validate } from './2-validate/validate.ts';
import type { NormalSpec } from './3-normalize/normal.ts';
import { normalize } from './3-normalize/normalize.ts';
import { infer } from './4-infer/infer.ts';
import { type Budgeted, checkBudget } from './5-budget/check.ts';
import { type Counts, count } from './5-budget/counts.ts';
import type { Diagnostic, Outcome } from './diagnostics/diagnostic.ts';
import type { Graph } from './graph/graph.ts';

export interface Compiled {
  readonly document: Document;
  readonly spec: CheckedSpec;
  readonly normal: NormalSpec;
  readonly graph: Graph;
  readonly counts: Counts;
  readonly budget: Budgeted;
}

export interface Compilation extends Partial<Compiled> {
  readonly diagnostics: readonly Diagnostic[];
}

/** What came out, as far as the phases got. `graph` is there if and only if there were no errors. */
export function compile(source: Source, reference: string, options: LoadOptions = {}): Compilation {
  const diagnostics: Diagnostic[] = [];
  const collect = <T>(result: Outcome<T>): T | undefined => {
    diagnostics.push(...result.diagnostics);
    return result.ok ? result.value : undefined;
  };
  const document = collect(load(source, reference, options));
  if (!document) return { diagnostics };
  const spec = collect(validate(document));
  if (!spec) return { document, diagnostics };
  const normal = collect(normalize(spec));
  if (!normal) return { document, spec, diagnostics };
  const graph = collect(infer(normal));
  if (!graph) return { document, spec, normal, diagnostics };
  const counts = count(graph);
  const budget = checkBudget(counts, normal.budget, spec.places, normal.bandwidth.length > 0);
  return { document, spec, normal, graph, counts, budget, diagnostics };
}

/** Whether a compilation went all the way. */
export function isComplete(compilation: Compilation): compilation is Compilation & Compiled {
  return compilation.graph !== undefined;
}
