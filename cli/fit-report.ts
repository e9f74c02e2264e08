/** What `netlathe fit` prints. */

import { displayPath } from '../compiler/1-load/load.ts';
import { type Fit, type Solution, showGoal } from '../compiler/5-budget/fit.ts';
import type { Compiled } from '../compiler/compile.ts';
import { padEnd, padStart, visible, wrap } from '../compiler/diagnostics/text.ts';
import type { CommandIo } from './io.ts';
import { isOfZoo } from './source.ts';

const number = (n: number) => n.toLocaleString('en-US');
const percent = (share: number) => `${(100 * share).toFixed(share < 0.1 ? 2 : 1)}%`;

export interface FitFacts {
  readonly milliseconds: number;
  /** The file that was written. */
  readonly written: string | undefined;
  readonly reference: string;
}

export function printFit(io: CommandIo, compiled: Compiled, fit: Fit, facts: FitFacts): void {
  const { bold, dim, green, yellow } = io.out;
  const { goal, solutions, current } = fit;
  const lines = [
    `${bold(visible(compiled.normal.name))}: ${showGoal(goal)}, varying ${fit.vary}`,
    '',
    dim(row('', 'params', 'macs', 'reshaped', 'widths')),
    ...table(io, dim(' now'), current.params, current.macs, undefined, current.widths),
  ];
  solutions.forEach((solution, i) => {
    const { params, macs, deviation, widths } = solution;
    const rank = `${i === 0 && fit.met ? green('   1') : String(i + 1).padStart(4)}`;
    lines.push(...table(io, rank, params, macs, deviation, widths));
    if (solution.broken.length > 0) {
      lines.push(yellow(`      breaks the budget for ${solution.broken.join(', ')}`));
    }
  });
  io.stdout.write(`${lines.join('\n')}\n`);
  conclude(io, compiled, fit, facts);
}

function row(
  rank: string,
  params: string,
  macs: string,
  deviation: string,
  widths: string,
): string {
  return `${padEnd(rank, 4)}${padStart(params, 12)}${padStart(macs, 14)}${padStart(deviation, 11)}  ${widths}`;
}

function table(
  io: CommandIo,
  rank: string,
  params: number,
  macs: number,
  deviation: number | undefined,
  widths: readonly number[],
): readonly string[] {
  const indent = 43;
  const far = deviation === undefined ? '' : percent(deviation);
  const [first = '', ...rest] = wrap(widths.join(' '), Math.max(24, io.stdout.columns - indent));
  const head = `${rank}${padStart(number(params), 12)}${padStart(number(macs), 14)}${padStart(far, 11)}  ${first}`;
  return [head, ...rest.map((line) => ' '.repeat(indent) + line)];
}

function conclude(
  io: CommandIo,
  compiled: Compiled,
  fit: Fit,
  { milliseconds, written, reference }: FitFacts,
): void {
  const { goal, solutions, frozen } = fit;
  const best = solutions[0] as Solution;
  if (frozen.length > 0) {
    io.say(
      `kept as they are, since no other value compiles: ${frozen.map((i) => `bandwidth[${i}]`).join(', ')}`,
    );
  }
  if (!fit.met) {
    io.say(
      `${io.err.red('error[E613]')}: no widths give ${showGoal(goal)}; the nearest give ${number(best[goal.metric])}`,
    );
    return;
  }
  const miss = best[goal.metric] - goal.target;
  const how =
    miss === 0
      ? 'met exactly'
      : `${number(Math.abs(miss))} ${miss < 0 ? 'below' : 'above'} the target${fit.proven ? ', and no widths in this range come nearer' : ', the best found'}`;
  io.say(`${io.err.dim(`${how} (${milliseconds.toFixed(0)} ms)`)}`);
  if (written !== undefined) io.say(`wrote ${displayPath(written)}`);
  else if (isOfZoo(reference, compiled.document.file)) {
    io.say(io.err.dim('the zoo is not changed: --write goes with a copy of the file'));
  } else
    io.say(`${io.err.dim('put the first into the file:')} netlathe fit ${reference} ... --write`);
}

export function fitJson(compiled: Compiled, fit: Fit, written: string | undefined): object {
  const { file, variant } = compiled.document;
  return {
    name: compiled.normal.name,
    file: displayPath(file),
    variant: variant ?? null,
    ...fit,
    written: written === undefined ? null : displayPath(written),
  };
}
