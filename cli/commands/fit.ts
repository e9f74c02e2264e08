/** `netlathe fit`: widths with which a network costs what it should. */

import {
  type FitMetric,
  type FitRequest,
  fitWidths,
  type Goal,
  goalOf,
  type Rule,
} from '../../compiler/5-budget/fit.ts';
import type { Compiled } from '../../compiler/compile.ts';
import { defineCommand, jsonOption } from '../command.ts';
import { compileReference, fail } from '../compile-reference.ts';
import { fitJson, printFit } from '../fit-report.ts';
import { writeWidths } from '../fit-write.ts';
import { exit, UsageError } from '../io.ts';

interface Options {
  readonly params?: string;
  readonly macs?: string;
  readonly exactly?: boolean;
  readonly atMost?: boolean;
  readonly nearest?: boolean;
  readonly vary?: string;
  readonly multipleOf: string;
  readonly top: string;
  readonly write?: boolean;
}

export const command = defineCommand<Options>({
  examples: ['netlathe fit student --params 200000', 'netlathe fit my.yaml --at-most --write'],
  configure: (command) =>
    command
      .argument('<arch>', 'architecture: a file, file#variant or zoo name')
      .option('--params <n>', 'trainable parameters to aim at (default: the budget of the file)')
      .option('--macs <n>', 'multiply-accumulates to aim at; with --params, not to exceed')
      .option('--exactly', 'the number itself, or fail')
      .option('--at-most', 'the largest that does not exceed it')
      .option('--nearest', 'as near as widths allow')
      .option('--vary <what>', 'bandwidth, bandwidth.base, bandwidth[3] or bandwidth[3..7]')
      .option('--multiple-of <n>', 'of what every width is a multiple', '1')
      .option('--top <k>', 'how many to list', '3')
      .option('--write', 'put the best into the file; comments and layout stay')
      .option(...jsonOption),
  run: async (io, [reference = ''], options) => {
    const opened = await compileReference(io, reference, options.json);
    if (!opened) return exit.fault;
    const { compiled } = opened;
    const started = performance.now();
    const result = fitWidths(compiled, requestOf(options, compiled));
    if (!result.ok) return fail(io, opened, result.diagnostics);
    const found = result.value;
    const milliseconds = performance.now() - started;
    const written = options.write && found.met ? await writeWidths(opened, found) : undefined;
    if (options.json) io.printJson(fitJson(compiled, found, written));
    else printFit(io, compiled, found, { milliseconds, written, reference });
    return found.met ? exit.ok : exit.fault;
  },
});

function requestOf(options: Options, compiled: Compiled): FitRequest {
  const params = integer('--params', options.params);
  const macs = integer('--macs', options.macs);
  const request = {
    vary: options.vary,
    multipleOf: integer('--multiple-of', options.multipleOf) ?? 1,
    count: Math.min(integer('--top', options.top) ?? 3, 50),
  };
  const metric: FitMetric = params === undefined && macs !== undefined ? 'macs' : 'params';
  const target = params ?? macs;
  const rule = ruleOf(options);
  const stated = goalOf(compiled, metric);
  if (target === undefined) {
    const own = stated ?? goalOf(compiled, 'macs');
    return { ...request, goal: own && { ...own, rule: rule ?? own.rule } };
  }
  const goal: Goal = {
    metric,
    target,
    rule: rule ?? (stated?.rule === 'atMost' ? 'atMost' : 'nearest'),
  };
  const cap =
    params !== undefined && macs !== undefined
      ? { metric: 'macs' as const, maximum: macs }
      : undefined;
  return { ...request, goal, cap };
}

function ruleOf({ exactly, atMost, nearest }: Options): Rule | undefined {
  const chosen: readonly Rule[] = [
    ...(exactly ? (['exactly'] as const) : []),
    ...(atMost ? (['atMost'] as const) : []),
    ...(nearest ? (['nearest'] as const) : []),
  ];
  if (chosen.length > 1)
    throw new UsageError('--exactly, --at-most and --nearest exclude each other');
  return chosen[0];
}

/** `256779`, `256,779`, `2.5e5`, `20M`, `250k`. */
function integer(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const match = /^(\d[\d,_]*(?:\.\d+)?(?:e\d{1,2})?)([kKmMgG]?)$/.exec(text);
  const factor = { k: 1e3, m: 1e6, g: 1e9 }[(match?.[2] ?? '').toLowerCase()] ?? 1;
  const value = Math.round(Number((match?.[1] ?? '').replaceAll(/[,_]/g, '')) * factor);
  if (!match || !Number.isSafeInteger(value) || value < 1) {
    throw new UsageError(`${flag} takes a whole number, such as 256779 or 250k; "${text}" is none`);
  }
  return value;
}
