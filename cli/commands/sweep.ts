/** `netlathe sweep`: many combinations of settings tried, the poor ones given up early. */

import path from 'node:path';
import { humanForm, jsonForm } from '../../compiler/diagnostics/forms.ts';
import { planSweep, type SweepPlan } from '../../compiler/suite/sweep/plan.ts';
import { purpose, Random } from '../../runtime/train/random.ts';
import { RunFolder } from '../../runtime/train/run-folder.ts';
import { defineCommand, jsonOption } from '../command.ts';
import { type CommandIo, exit } from '../io.ts';
import { suiteSource } from '../source.ts';
import { type TrialFlags, trialFlags, trialOptions } from '../suite/flags.ts';
import { SweepSession } from '../suite/sweep-session.ts';

interface Options extends TrialFlags {
  readonly dryRun?: boolean;
}

export const command = defineCommand<Options>({
  examples: [
    'netlathe sweep my-sweep.yaml --data photos/ --jobs 4',
    'netlathe sweep my-sweep.yaml --data /shared/photos --out /shared/runs --on ray://head:8265',
  ],
  configure: (command) =>
    trialFlags(
      command
        .argument('<suite>', 'a suite that says under `sweep` what to search (docs/sweeps.md)')
        .option('--data <dir>', 'photos, in place of those of the suite')
        .option('--out <dir>', 'folder of runs and page (default: runs/NAME-sweep)')
        .option('--resume', 'go on with trials that were cut off, and try failed ones again')
        .option('--dry-run', 'check everything and say what would run'),
    ).option(...jsonOption),
  run: async (io, [suite = ''], options) => {
    const plan = planOf(io, suite, options);
    if (!plan) return exit.fault;
    const out = options.out ?? path.join('runs', `${plan.suite.name}-sweep`);
    const session = new SweepSession(io, plan, trialOptions(io, plan.suite, { ...options, out }));
    if (options.dryRun) return session.describe();
    const folder = new RunFolder(out);
    await folder.lock();
    try {
      return await session.run(io.takeInterrupts());
    } finally {
      await folder.unlock();
    }
  },
});

const unit = (seed: number, ...place: readonly number[]): number =>
  new Random(seed, purpose.sweep, ...place).unit();

function planOf(io: CommandIo, suite: string, { json }: Options): SweepPlan | undefined {
  const source = suiteSource(io);
  const result = planSweep(source, suite, unit);
  const { diagnostics } = result;
  if (json && !result.ok) io.printJson({ diagnostics: jsonForm(diagnostics) });
  const textOf = (file: string) => source.textOf(file);
  const frames = { style: io.err, columns: io.stderr.columns, textOf };
  if (!io.quiet || !result.ok) io.stderr.write(humanForm(diagnostics, frames));
  return result.ok ? result.value : undefined;
}
