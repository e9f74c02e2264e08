/**
 * What a command is. Each has a file in cli/commands/ that exports `command`, and a line in cli/commands/index.ts:
 *
 *     export const command = defineCommand<{ readonly params?: string }>({
 *       examples: ['netlathe fit student --params 250000', 'netlathe fit student --macs 20e6'],
 *       configure: (command) =>
 *         command.argument('<file>', 'architecture').option('--params <n>', 'aim at this number'),
 *       run: async (io, args, options) => { io.stdout.write('done\n'); return exit.ok; },
 *     });
 *
 * The file is loaded only when its command runs, so it may import what it needs; what only some of its options need
 * (tfjs, for example) it imports inside `run`. `run` returns an exit code. It throws UsageError for a mistake in the
 * command line; a RuntimeError (files, data) that it lets through is printed, exit code 2; any other is a bug, 70.
 * `--quiet`, `--no-color` and `-h` come by themselves, `--json` where `configure` adds jsonOption.
 */

import type { Command } from 'commander';
import type { CommandIo, CommonOptions } from './io.ts';

export interface CommandModule<O extends object = object> {
  /** Two complete command lines, shown first in its help. */
  readonly examples: readonly [string, string];
  readonly configure: (command: Command) => Command;
  readonly run: (
    io: CommandIo,
    args: readonly string[],
    options: O & CommonOptions,
  ) => Promise<number>;
}

export function defineCommand<O extends object>(module: CommandModule<O>): CommandModule {
  // Commander gives what `configure` declared; the two stand side by side in one file.
  return module as unknown as CommandModule;
}

export const jsonOption = ['--json', 'print one JSON document'] as const;
