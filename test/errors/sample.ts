/**
 * The error samples: each file in samples/ says in its first comments what must be found in it, all of it and in order:
 *
 *     # expect: E201 8:27 did you mean "filters"?
 *     # variant: wide      (compile this variant)
 *     # check: all         (the budget, too)
 *     # suite: yes         (a suite, not an architecture)
 *     # sweep: yes         (a suite that is searched)
 *
 * `UPDATE_ERRORS=1 npx vitest run test/errors` writes the expectations anew: read what it wrote.
 */

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { diskSource } from '../../cli/source.ts';
import { compile, isComplete } from '../../compiler/compile.ts';
import type { Diagnostic } from '../../compiler/diagnostics/diagnostic.ts';
import { planSuite } from '../../compiler/suite/plan.ts';
import { planSweep } from '../../compiler/suite/sweep/plan.ts';
import { sameRecipe } from '../../runtime/suite/state.ts';

const folder = path.join(import.meta.dirname, 'samples');

export function sampleFile(name: string): string {
  return path.join(folder, name);
}

export interface Sample {
  readonly text: string;
  readonly expected: readonly string[];
  readonly found: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

export function readSample(name: string): Sample {
  const text = readFileSync(sampleFile(name), 'utf8');
  const said = (key: string) =>
    [...text.matchAll(new RegExp(`^# ${key}: (.*)$`, 'gm'))].map((m) => m[1] as string);
  const [variant] = said('variant');
  const source = diskSource({ cwd: process.cwd() });
  if (said('sweep').length > 0) {
    const { diagnostics } = planSweep(source, sampleFile(name), () => 0.5);
    return { text, expected: said('expect'), found: diagnostics.map(inShort), diagnostics };
  }
  if (said('suite').length > 0) {
    const { diagnostics } = planSuite(source, sampleFile(name), { same: sameRecipe });
    return { text, expected: said('expect'), found: diagnostics.map(inShort), diagnostics };
  }
  const compilation = compile(source, sampleFile(name), { variant });
  const broken =
    said('check').length > 0 && isComplete(compilation) ? compilation.budget.violations : [];
  const diagnostics = [...compilation.diagnostics, ...broken];
  return { text, expected: said('expect'), found: diagnostics.map(inShort), diagnostics };
}

function inShort({ code, place, hint }: Diagnostic): string {
  const start = place?.range.start;
  return [code, start ? `${start.line}:${start.col}` : 'nowhere', ...(hint ? [hint] : [])].join(
    ' ',
  );
}
