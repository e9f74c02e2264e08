/** `netlathe draw`: the network as an SVG. */

import path from 'node:path';
import { draw } from '../../compiler/draw/draw.ts';
import { writeFileAtomic } from '../../runtime/files/atomic-write.ts';
import { defineCommand } from '../command.ts';
import { compileReference } from '../compile-reference.ts';
import { exit, UsageError } from '../io.ts';

interface Options {
  readonly out?: string;
}

export const command = defineCommand<Options>({
  examples: ['netlathe draw student --out student.svg', 'netlathe draw my.yaml > my.svg'],
  configure: (command) =>
    command
      .argument('<arch>', 'architecture: a file, file#variant or zoo name')
      .option('-o, --out <file>', 'the SVG to write (default: standard output)'),
  run: async (io, [reference = ''], { out }) => {
    const opened = await compileReference(io, reference);
    if (!opened) return exit.fault;
    const { graph, counts, budget } = opened.compiled;
    const svg = draw(graph, counts, budget);
    if (out === undefined || out === '-') io.stdout.write(svg);
    else if (!/\.svg$/i.test(out)) {
      throw new UsageError(
        `draw writes SVG, and ${out} would not be opened as one`,
        'name a file that ends in .svg',
      );
    } else {
      await writeFileAtomic(path.resolve(io.cwd, out), svg);
      io.say(`wrote ${out}`);
    }
    return exit.ok;
  },
});
