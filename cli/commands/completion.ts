/** `netlathe completion`: a script that makes the shell complete commands, options, networks and files. */

import { Command } from 'commander';
import { defineCommand } from '../command.ts';
import { completionScript, shells, type Words } from '../completion-script.ts';
import { exit, UsageError } from '../io.ts';
import { zooNames } from '../source.ts';
import { commands } from './index.ts';

export const command = defineCommand({
  examples: [
    'netlathe completion bash >> ~/.bashrc',
    'netlathe completion fish > ~/.config/fish/completions/netlathe.fish',
  ],
  configure: (command) => command.argument('<shell>', shells.join(', ')),
  run: async (io, [name = '']) => {
    const shell = shells.find((s) => s === name);
    if (!shell)
      throw new UsageError(
        `there is no completion for "${name}"`,
        `the shells are ${shells.join(', ')}`,
      );
    io.stdout.write(completionScript(shell, await words(), zooNames()));
    return exit.ok;
  },
});

/** Asked of the commands themselves, so that no list can go stale. */
async function words(): Promise<readonly Words[]> {
  return Promise.all(
    commands.map(async ({ name, summary, load }) => {
      const configured = (await load()).command.configure(new Command(name));
      const options = configured.options.map((o) => ({
        long: o.long ?? '',
        short: o.short ?? '',
        text: o.description,
        takesValue: o.required || o.optional,
      }));
      const common = [
        { long: '--help', short: '-h', text: 'show help', takesValue: false },
        { long: '--quiet', short: '-q', text: 'print results and errors only', takesValue: false },
        { long: '--no-color', short: '', text: 'no colour', takesValue: false },
      ];
      return { name, summary, options: [...options, ...common] };
    }),
  );
}
