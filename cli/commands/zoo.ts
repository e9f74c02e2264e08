/** `netlathe zoo`: the architectures that come with netlathe. */

import { type Compiled, compile, isComplete } from '../../compiler/compile.ts';
import { padEnd, padStart, wrap } from '../../compiler/diagnostics/text.ts';
import { defineCommand, jsonOption } from '../command.ts';
import { type CommandIo, exit } from '../io.ts';
import { grouped, short } from '../report/units.ts';
import { diskSource, zooNames } from '../source.ts';

interface Entry {
  readonly name: string;
  readonly compiled: Compiled;
  readonly description: string;
}

export const command = defineCommand({
  examples: ['netlathe zoo', 'netlathe compile student'],
  configure: (command) => command.option(...jsonOption),
  run: async (io, _args, options) => {
    const source = diskSource(io);
    const entries = zooNames().flatMap((name): readonly Entry[] => {
      const compiled = compile(source, name);
      if (!isComplete(compiled)) return [];
      return [{ name, compiled, description: compiled.spec.spec.description ?? '' }];
    });
    if (options.json) io.printJson({ architectures: entries.map(json) });
    else io.stdout.write(table(entries, io));
    io.say(io.err.dim('netlathe compile NAME shows one of them'));
    return exit.ok;
  },
});

function json({ name, compiled, description }: Entry): object {
  const { graph, counts } = compiled;
  const { params, macs } = counts;
  return { name, params, macs, input: graph.input, classes: graph.classes.length, description };
}

function table(entries: readonly Entry[], io: CommandIo): string {
  const longest = Math.max(4, ...entries.map((e) => e.name.length));
  const room = Math.max(30, Math.min(io.stdout.columns, 120) - longest - 25);
  const head = `${padEnd('name', longest)}  ${padStart('params', 11)}  ${padStart('MACs', 6)}`;
  const lines = entries.map(({ name, compiled, description }) => {
    const numbers = `${padStart(grouped(compiled.counts.params.trainable), 11)}  ${padStart(short(compiled.counts.macs), 6)}`;
    // The first sentence is enough for a list.
    const about = wrap(
      description.split(/(?<!\bal\.)(?<=\.)\s/)[0]?.replaceAll('\n', ' ') ?? '',
      room,
    );
    const more = about.slice(1).map((l) => `\n${' '.repeat(longest + 25)}${io.out.dim(l)}`);
    return `${io.out.bold(padEnd(name, longest))}  ${numbers}    ${io.out.dim(about[0] ?? '')}${more.join('')}`;
  });
  return `${io.out.dim(head)}\n${lines.join('\n')}\n`;
}
