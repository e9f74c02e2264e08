/** `netlathe init`: a first architecture, from questions on a terminal or from flags. */

import { existsSync } from 'node:fs';
import path from 'node:path';
import { agreeOnClasses } from '../../runtime/data/classes.ts';
import { arrange } from '../../runtime/data/layout.ts';
import { openSource } from '../../runtime/data/open-source.ts';
import { writeFileAtomic } from '../../runtime/files/atomic-write.ts';
import { defineCommand } from '../command.ts';
import { about, type StarterStyle, schemaPath, starterText, styles } from '../init/starter.ts';
import { type CommandIo, exit, UsageError } from '../io.ts';
import { packageRoot } from '../package.ts';

interface Options {
  readonly size?: string;
  readonly classes?: string;
  readonly data?: string;
  readonly params?: string;
  readonly style?: string;
  readonly force?: boolean;
}

export const command = defineCommand<Options>({
  examples: [
    'netlathe init',
    'netlathe init food.yaml --data photos/ --size 128 --params 250000 --style depthwise',
  ],
  configure: (command) =>
    command
      .argument('[file]', 'the YAML file to write', 'network.yaml')
      .option('--size <pixels>', 'height and width of the images (default: 128)')
      .option('--classes <n>', 'number of classes')
      .option('--data <dir>', 'take the names of the classes from a folder of images')
      .option('--params <n>', 'budget of trainable parameters (default: 250000)')
      .option('--style <style>', `${styles.join(', ')} (default: depthwise)`)
      .option('--force', 'overwrite the file'),
  run: async (io, [given = 'network.yaml'], options) => {
    const file = path.resolve(io.cwd, given);
    if (existsSync(file) && !options.force) {
      throw new UsageError(`${given} exists already`, '--force overwrites it');
    }
    const text = starterText({
      name: path.basename(given).replace(/\.ya?ml$/i, '') || 'network',
      ...(await answers(io, options)),
      schema: schemaPath(file, packageRoot()),
    });
    await writeFileAtomic(file, text);
    io.say(`wrote ${given}`);
    io.say(io.err.dim(`see what it costs: netlathe compile ${given}`));
    return exit.ok;
  },
});

async function answers(io: CommandIo, options: Options) {
  const ask = io.stdin.isTTY && io.stdin.ask ? io.stdin.ask : undefined;
  const answer = async (flag: string | undefined, question: string, fallback: string) => {
    if (flag !== undefined) return flag;
    const said = ask ? (await ask(`${question} [${fallback}] `)).trim() : '';
    return said === '' ? fallback : said;
  };
  const size = integer(
    '--size',
    await answer(options.size, 'Height and width of the images?', '128'),
    4,
    1024,
  );
  const classes = await classesOf(io, options, answer);
  const params = integer(
    '--params',
    await answer(options.params, 'Parameters, at most?', '250000'),
    100,
    50_000_000,
  );
  if (ask && options.style === undefined)
    for (const s of styles) io.say(`  ${s.padEnd(10)} ${about[s]}`);
  const style = await answer(options.style, 'Style?', 'depthwise');
  if (!isStyle(style))
    throw new UsageError(`"${style}" is no style`, `the styles are ${styles.join(', ')}`);
  return { size, classes, params, style };
}

async function classesOf(
  io: CommandIo,
  options: Options,
  answer: (flag: string | undefined, question: string, fallback: string) => Promise<string>,
): Promise<number | readonly string[]> {
  if (options.data !== undefined) return classNames(path.resolve(io.cwd, options.data));
  if (!io.stdin.isTTY && options.classes === undefined) {
    throw new UsageError(
      'how many classes there are is not known',
      'give --classes N or --data FOLDER',
    );
  }
  const said = await answer(options.classes, 'Number of classes, or a folder of images?', '10');
  if (options.classes === undefined && !/^\d+$/.test(said))
    return classNames(path.resolve(io.cwd, said));
  return integer('--classes', said, 2, 100_000);
}

/** As training will find them. */
async function classNames(root: string): Promise<readonly string[]> {
  const source = await openSource(root);
  const paths = source.files.map((f) => f.path);
  const layout = arrange({ root, paths, splits: {}, holdsOut: false });
  return agreeOnClasses(root, layout).names;
}

function isStyle(text: string): text is StarterStyle {
  return (styles as readonly string[]).includes(text);
}

function integer(flag: string, text: string, minimum: number, maximum: number): number {
  const value = Number(text.replaceAll(',', ''));
  if (Number.isInteger(value) && value >= minimum && value <= maximum) return value;
  throw new UsageError(
    `${flag} takes a whole number from ${minimum} to ${maximum}; "${text}" is none`,
  );
}
