/** The command line as a function: arguments and an Io in, an exit code out. */

import { Command, CommanderError } from 'commander';
import { RuntimeError } from '../runtime/runtime-error.ts';
import type { CommandModule } from './command.ts';
import { type CommandEntry, commands } from './commands/index.ts';
import { type CommonOptions, commandIo, exit, type Io, UsageError } from './io.ts';
import { packageVersion } from './package.ts';
import { type Style, styleFor } from './style.ts';

const examples = [
  'netlathe compile student --check-params',
  'netlathe train --arch student.yaml --data photos/',
] as const;

export async function main(argv: readonly string[], io: Io): Promise<number> {
  const style = styleFor(io.stderr, io.env, !argv.includes('--no-color'));
  let code: number = exit.ok;
  const program = newProgram(io, style);
  const wanted = wantedCommand(argv);
  try {
    for (const entry of commands) {
      const command = subcommand(program, entry);
      if (entry.name !== wanted) continue;
      const { command: module } = await entry.load();
      configure(command, module, io, (result) => {
        code = result;
      });
    }
    if (argv.length === 0) {
      program.outputHelp({ error: true });
      return exit.usage;
    }
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    return report(error, io, style);
  }
}

function newProgram(io: Io, style: Style): Command {
  const program = new Command('netlathe');
  program
    .description('Compiles architecture YAML to image classifiers that fit a budget.')
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    .option('--no-color', 'no colour (also: NO_COLOR)')
    // What follows a command's name is the command's.
    .enablePositionalOptions();
  return prepare(program, examples, io, style);
}

/** Commander neither exits nor writes by itself here. Subcommands do not inherit this when added ready-made. */
function prepare(command: Command, lines: readonly string[], io: Io, style: Style): Command {
  return command
    .exitOverride()
    .showSuggestionAfterError(true)
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHelpWidth: () => Math.min(io.stdout.columns, 100),
      outputError: (text, write) =>
        write(
          text
            .replace(/^error:/, `${style.red('error')}:`)
            .replace(/\n\(Did (you mean .*)\)/, '\n  = help: did $1'),
        ),
    })
    .addHelpText('before', `${lines.map((line) => `  ${line}`).join('\n')}\n`);
}

function subcommand(program: Command, entry: CommandEntry): Command {
  return program.command(entry.name).description(sentence(entry.summary)).summary(entry.summary);
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function configure(
  command: Command,
  module: CommandModule,
  io: Io,
  finish: (code: number) => void,
): void {
  module
    .configure(command)
    .option('-q, --quiet', 'print results and errors only')
    .option('--no-color', 'no colour')
    .action(async (...given: readonly unknown[]) => {
      const own = given.at(-2) as CommonOptions;
      const { color } = command.parent?.opts<CommonOptions>() ?? {};
      const options = { ...own, color: own.color !== false && color !== false };
      finish(await module.run(commandIo(io, options), command.args, options));
    });
  prepare(command, module.examples, io, styleFor(io.stderr, io.env));
}

/** The first word that is no option; `help x` shows x. */
function wantedCommand(argv: readonly string[]): string | undefined {
  const words = argv.filter((word) => !word.startsWith('-'));
  return words[0] === 'help' ? words[1] : words[0];
}

function report(error: unknown, io: Io, style: Style): number {
  const say = (line: string) => io.stderr.write(`${line}\n`);
  if (error instanceof CommanderError) {
    // Commander has said what is wrong; asking for help or the version is no error.
    return error.exitCode === 0 ? exit.ok : exit.usage;
  }
  if (error instanceof UsageError) {
    say(`${style.red('error')}: ${error.message}`);
    if (error.hint) say(`  = help: ${error.hint}`);
    return exit.usage;
  }
  if (error instanceof RuntimeError) {
    say(`${style.red(`error[${error.code}]`)}: ${error.message}`);
    if (error.path !== null) say(`  ${style.blue('┌─')} ${error.path}`);
    for (const note of error.notes) say(`  = ${note}`);
    if (error.hint !== null) say(`  = help: ${error.hint}`);
    return exit.usage;
  }
  say(`${style.red('netlathe has a bug')}: ${error instanceof Error ? error.message : error}`);
  if (io.env.NETLATHE_DEBUG && error instanceof Error) say(error.stack ?? '');
  else say('Your input is not at fault. NETLATHE_DEBUG=1 shows where it happened.');
  return exit.bug;
}
