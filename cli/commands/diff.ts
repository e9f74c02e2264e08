/** `netlathe diff`: what changed in params and MACs from one architecture to another, line by line. */

import { diff } from '../../compiler/5-budget/diff.ts';
import { defineCommand, jsonOption } from '../command.ts';
import { compileReference } from '../compile-reference.ts';
import { printDiff } from '../diff-report.ts';
import { type CommonOptions, exit } from '../io.ts';

export const command = defineCommand<CommonOptions>({
  examples: ['netlathe diff student student-plain', 'netlathe diff my.yaml my.yaml#wide --json'],
  configure: (command) =>
    command
      .argument('<before>', 'architecture: a file, file#variant or zoo name')
      .argument('<after>', 'the other one')
      .option(...jsonOption),
  run: async (io, [first = '', second = ''], { json }) => {
    const before = await compileReference(io, first, json);
    const after = before && (await compileReference(io, second, json));
    if (!before || !after) return exit.fault;
    const result = diff(before.compiled, after.compiled);
    if (json) {
      io.printJson({ ...result, layers: result.layers.filter((l) => l.kind !== 'same') });
    } else printDiff(io, result, before.source.textOf, after.source.textOf);
    return exit.ok;
  },
});
