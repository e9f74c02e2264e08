/** The public API: architectures in, checked graphs and their costs out. */

export { type LoadOptions, type Source, SourceError } from './1-load/load.ts';
export type { Spec } from './2-validate/spec.ts';
export type { Verdict } from './5-budget/check.ts';
export type { Counts, LayerCount } from './5-budget/counts.ts';
export { type Compilation, type Compiled, compile, isComplete } from './compile.ts';
export { type CatalogueEntry, catalogue, findFault } from './diagnostics/catalogue.ts';
export {
  type Diagnostic,
  hasErrors,
  type Place,
  type Position,
  type Range,
  type Related,
  type Severity,
} from './diagnostics/diagnostic.ts';
export { githubForm, humanForm, jsonForm, sarifForm } from './diagnostics/forms.ts';
export { type FrameOptions, type FrameStyle, frame } from './diagnostics/frame.ts';
export type { Graph, GraphNode, Origin, Preprocessing } from './graph/graph.ts';
export { printGraph } from './graph/print.ts';
export type { Shape } from './graph/shape.ts';
export { verify } from './graph/verify.ts';
