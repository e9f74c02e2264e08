/** `netlathe explain CODE`: what a diagnostic means and how to mend it. */

import { catalogue, findFault } from '../../compiler/diagnostics/catalogue.ts';
import { didYouMean } from '../../compiler/diagnostics/suggest.ts';
import { defineCommand, jsonOption } from '../command.ts';
import { exit, UsageError } from '../io.ts';
import type { Style } from '../style.ts';

export const command = defineCommand({
  examples: ['netlathe explain E401', 'netlathe explain'],
  configure: (command) =>
    command.argument('[code]', 'such as E401; without it, a list of all').option(...jsonOption),
  run: async (io, [code], options) => {
    if (code === undefined) {
      if (options.json) io.printJson({ faults: catalogue });
      else {
        const lines = catalogue.map((f) => `${io.out.bold(f.code)}  ${f.title}\n`);
        io.stdout.write(lines.join(''));
      }
      return exit.ok;
    }
    const found = findFault(code);
    if (!found) {
      const near = didYouMean(
        code.toUpperCase(),
        catalogue.map((f) => f.code),
      );
      throw new UsageError(
        `there is no diagnostic "${code}"`,
        near ?? 'netlathe explain lists them all',
      );
    }
    if (options.json) io.printJson(found);
    else {
      const title = `${io.out.bold(`${found.code}: ${found.title}`)}`;
      io.stdout.write(`${title}\n\n${forTerminal(found.explanation, io.out)}\n`);
    }
    return exit.ok;
  },
});

/** The little Markdown that explanations use: code spans and indented code. */
function forTerminal(markdown: string, style: Style): string {
  return markdown
    .split('\n')
    .map((line) =>
      line.startsWith('    ')
        ? style.cyan(line)
        : line.replace(/`([^`]+)`/g, (_, code: string) => style.cyan(`\`${code}\``)),
    )
    .join('\n');
}
