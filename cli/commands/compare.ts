/** `netlathe compare`: networks trained alike, with several seeds, and one page that compares them. */

import path from 'node:path';
import { humanForm, jsonForm } from '../../compiler/diagnostics/forms.ts';
import { didYouMean } from '../../compiler/diagnostics/suggest.ts';
import type { SuitePlan } from '../../compiler/suite/plan.ts';
import { type Language, languages } from '../../runtime/compare/index.ts';
import { RunFolder } from '../../runtime/train/run-folder.ts';
import { defineCommand, jsonOption } from '../command.ts';
import { type CommandIo, exit, UsageError } from '../io.ts';
import { diskSource, suiteSource } from '../source.ts';
import { type TrialFlags, trialFlags, trialOptions } from '../suite/flags.ts';
import { planned, type SuiteRequest } from '../suite/request.ts';
import { type SuiteOptions, SuiteSession } from '../suite/session.ts';

interface Options extends TrialFlags {
  readonly arch?: string;
  readonly only?: readonly string[];
  readonly ablate?: readonly string[];
  readonly ablateOf?: string;
  readonly seeds?: string;
  readonly dryRun?: boolean;
  readonly lang: string;
  readonly publish?: string;
}

const collect = (value: string, before: readonly string[] = []) => [...before, value];

export const command = defineCommand<Options>({
  examples: [
    'netlathe compare report --data /shared/photos --out /shared/runs --on ray://head:8265',
    'netlathe compare --arch student --data photos/ --ablate labelSmoothing=0 --ablate ema=0.999',
  ],
  configure: (command) =>
    trialFlags(command)
      .argument('[suite]', 'a suite: its file, or one that comes with netlathe, such as report')
      .option('--arch <arch>', 'in place of a suite: an architecture, to vary its recipe')
      .option('--data <dir>', 'photos, in place of those of the suite')
      .option('--out <dir>', 'folder of runs and page (default: runs/NAME)')
      .option('--only <network>', 'train this network only; may be repeated', collect)
      .option('--ablate <key=value>', 'also vary a key of the recipe; may be repeated', collect)
      .option('--ablate-of <network>', 'the network that --ablate varies (default: the first)')
      .option('--seeds <list>', 'with --arch: train with each of these, such as 0,1,2')
      .option('--resume', 'go on with trials that were cut off, and try failed ones again')
      .option('--dry-run', 'check everything and say what would run')
      .option('--lang <lang>', 'language of the page: en, zh', 'en')
      .option('--publish <dir>', 'also put page and figures there, without weights, to be shared')
      .option(...jsonOption),
  run: async (io, [suite], options) => {
    const plan = planOf(io, suite, options);
    if (!plan) return exit.fault;
    const folder = new RunFolder(options.out ?? path.join('runs', plan.name));
    const session = new SuiteSession(io, plan, sessionOptions(io, plan, options));
    if (options.dryRun) return await session.describe();
    // Not only for what is trained: the page of another suite must not be written over, either.
    await folder.lock();
    try {
      return await session.run(io.takeInterrupts());
    } finally {
      await folder.unlock();
    }
  },
});

function planOf(io: CommandIo, suite: string | undefined, options: Options): SuitePlan | undefined {
  const source = suite === undefined ? diskSource(io) : suiteSource(io);
  const { result, textOf } = planned(source, requestOf(suite, options));
  const { diagnostics } = result;
  if (options.json && !result.ok) io.printJson({ diagnostics: jsonForm(diagnostics) });
  const frames = { style: io.err, columns: io.stderr.columns, textOf };
  if (!io.quiet || !result.ok) io.stderr.write(humanForm(diagnostics, frames));
  return result.ok ? result.value : undefined;
}

function requestOf(suite: string | undefined, options: Options): SuiteRequest {
  const { arch, seeds, ablate = [], ablateOf } = options;
  if ((suite === undefined) === (arch === undefined)) {
    throw new UsageError(
      suite === undefined ? 'nothing to compare is named' : 'a suite and --arch exclude each other',
      'netlathe compare report --data photos/, or netlathe compare --arch student --ablate KEY=VALUE',
    );
  }
  if (seeds !== undefined && arch === undefined) {
    throw new UsageError('--seeds goes with --arch', 'a suite says its seeds itself');
  }
  return { suite, arch, seeds, ablate, ablateOf };
}

function sessionOptions(io: CommandIo, plan: SuitePlan, options: Options): SuiteOptions {
  const out = options.out ?? path.join('runs', plan.name);
  if (options.publish !== undefined && path.resolve(options.publish) === path.resolve(out)) {
    throw new UsageError('--publish names the folder of the runs', 'name another: --publish DIR');
  }
  return {
    ...trialOptions(io, plan, { ...options, out }),
    only: chosen(plan, options.only ?? []),
    language: languageOf(options.lang),
    publish: options.publish,
  };
}

function languageOf(text: string): Language {
  const found = languages.find((language) => language === text);
  if (found) return found;
  throw new UsageError(`--lang cannot be "${text}"`, `it is ${languages.join(' or ')}`);
}

function chosen({ networks }: SuitePlan, only: readonly string[]): ReadonlySet<string> | undefined {
  const ids = networks.map(({ id }) => id);
  for (const name of only) {
    if (ids.includes(name)) continue;
    const hint = didYouMean(name, ids) ?? `they are ${ids.join(', ')}`;
    throw new UsageError(`--only names "${name}", which is none of the suite's networks`, hint);
  }
  if (only.length === 0) return undefined;
  // Who learns from a teacher needs it, and that may have learned from another.
  const found = new Set<string>();
  const add = (id: string | undefined) => {
    if (id === undefined || found.has(id)) return;
    found.add(id);
    add(networks.find((network) => network.id === id)?.teacher);
  };
  for (const id of only) add(id);
  return found;
}
