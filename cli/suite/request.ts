/** What `netlathe compare` is to compare: a suite file, or one architecture whose recipe is varied. */

import { parse } from '../../compiler/1-load/parse.ts';
import type { MapNode } from '../../compiler/1-load/tree.ts';
import type { Recipe } from '../../compiler/2-validate/spec.ts';
import { compile, isComplete } from '../../compiler/compile.ts';
import type { Diagnostic, Outcome } from '../../compiler/diagnostics/diagnostic.ts';
import { planSuite, type SuitePlan } from '../../compiler/suite/plan.ts';
import { sameRecipe } from '../../runtime/suite/state.ts';
import { UsageError } from '../io.ts';
import { type DiskSource, parseReference } from '../source.ts';

export interface SuiteRequest {
  /** The suite file; left out where `arch` is given. */
  readonly suite: string | undefined;
  readonly arch: string | undefined;
  readonly seeds: string | undefined;
  /** `KEY=VALUE` or `KEY=V1,V2`, as often as wanted. */
  readonly ablate: readonly string[];
  readonly ablateOf: string | undefined;
}

export interface Planned {
  readonly result: Outcome<SuitePlan>;
  /** For code frames: also texts that came from the command line. */
  readonly textOf: (file: string) => string | undefined;
}

/** Names of texts that stand in no file. */
const fromFlags = '--ablate';
const fromArch = '--arch';

export function planned(source: DiskSource, request: SuiteRequest): Planned {
  const texts = new Map<string, string>();
  const textOf = (file: string) => texts.get(file) ?? source.textOf(file);
  const flags = varied(request, texts);
  if (flags && !flags.ok) return { result: flags, textOf };
  const ablate = flags && { network: request.ablateOf, vary: flags.value };
  const options = { ablate, same: sameRecipe };
  if (request.suite !== undefined) {
    return { result: planSuite(source, request.suite, options), textOf };
  }
  const reference = request.arch ?? '';
  const { file, variant } = parseReference(reference);
  const compilation = compile(source, file, { variant });
  if (!isComplete(compilation)) {
    return { result: { ok: false, diagnostics: compilation.diagnostics }, textOf };
  }
  const text = suiteOf(reference, compilation.normal.recipe, request.seeds);
  texts.set(fromArch, text);
  const virtual = {
    resolve: (name: string, from: string | undefined) =>
      name === fromArch ? fromArch : source.resolve(name, from === fromArch ? undefined : from),
    read: (name: string) => (name === fromArch ? text : source.read(name)),
  };
  const result = planSuite(virtual, fromArch, options);
  return { result: { ...result, diagnostics: result.diagnostics.filter(isOfUser) }, textOf };
}

/** The recipe is the architecture's here, so that it being passed over is no news. */
const isOfUser = ({ code }: Diagnostic): boolean => code !== 'W901';

/** A suite of one network, as YAML; JSON is YAML. */
function suiteOf(reference: string, recipe: Recipe | undefined, seeds: string | undefined): string {
  const name = networkName(reference);
  return `${JSON.stringify(
    {
      version: 1,
      name,
      ...(seeds === undefined ? {} : { seeds: seedList(seeds) }),
      train: recipe ?? {},
      networks: { [name]: { arch: reference } },
    },
    null,
    2,
  )}\n`;
}

function networkName(reference: string): string {
  const { file, variant } = parseReference(reference);
  const stem = file.replace(/^.*[/\\]/, '').replace(/\.ya?ml$/i, '');
  const plain = [stem, variant]
    .filter(Boolean)
    .join('-')
    .replace(/[^A-Za-z0-9_-]+/g, '-');
  return /^[A-Za-z_]/.test(plain) ? plain.slice(0, 64) : `net-${plain}`.slice(0, 64);
}

export function seedList(text: string): readonly number[] {
  const seeds = text.split(',').map((part) => part.trim());
  if (!seeds.every((seed) => /^\d{1,9}$/.test(seed))) {
    throw new UsageError(`--seeds takes whole numbers, such as 0,1,2; "${text}" is none`);
  }
  return seeds.map(Number);
}

/** Flags as the map that `ablate.vary` would hold. */
function varied(
  { ablate }: SuiteRequest,
  texts: Map<string, string>,
): Outcome<MapNode> | undefined {
  if (ablate.length === 0) return undefined;
  const lines = ablate.map((flag) => {
    const at = flag.indexOf('=');
    if (at <= 0) {
      throw new UsageError(
        `--ablate takes KEY=VALUE; "${flag}" has no value`,
        'for example --ablate labelSmoothing=0 or --ablate augment.flip=false,true',
      );
    }
    return `${flag.slice(0, at)}: [${flag.slice(at + 1)}]`;
  });
  const text = `${lines.join('\n')}\n`;
  texts.set(fromFlags, text);
  return parse(fromFlags, text);
}
