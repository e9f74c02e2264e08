/** `netlathe predict`: what a trained network says of photos. */

import { decodeImage, setOf } from '../../runtime/data/index.ts';
import { RuntimeError } from '../../runtime/runtime-error.ts';
import { Evaluator } from '../../runtime/train/evaluator.ts';
import { softmax } from '../../runtime/train/figures.ts';
import { defineCommand, jsonOption } from '../command.ts';
import { exit } from '../io.ts';
import { type NetworkOptions, trainedFrom } from '../network-source.ts';
import { positiveInteger } from '../options.ts';
import { bar } from '../progress.ts';
import { storageSize } from '../train-session.ts';

interface Options extends NetworkOptions {
  readonly top: string;
  readonly json?: boolean;
}

export const command = defineCommand<Options>({
  examples: [
    'netlathe predict --model runs/student lunch.jpg',
    'netlathe predict --model runs/student *.jpg --top 1 --json',
  ],
  configure: (command) =>
    command
      .argument('<photos...>', 'JPEG, PNG or WebP files')
      .option('--model <run>', 'folder of a run')
      .option('--arch <arch>', 'instead: an architecture, with weights from --init')
      .option('--init <weights>', 'weights of the architecture: a .safetensors file')
      .option('--top <k>', 'how many classes to list', '3')
      .option(...jsonOption),
  run: async (io, paths, options) => {
    const run = await trainedFrom(io, options);
    if (!run) return exit.fault;
    const { graph } = run;
    const top = Math.min(positiveInteger('--top', options.top) ?? 3, graph.classes.length);
    const size = storageSize(graph.input);
    const { photos, faults } = await decoded(paths, size);
    const evaluator = await Evaluator.create(graph, setOf(photos), { threads: 1, build: 'strict' });
    const logits = await evaluator.run(run.weights);
    await evaluator.close();
    const predictions = photos.map(({ path }, n) => {
      const row = softmax(
        logits.subarray(n * graph.classes.length, (n + 1) * graph.classes.length),
      );
      return { path, classes: ranked(graph.classes, row).slice(0, top) };
    });
    if (options.json) {
      io.printJson({ predictions, ...(faults.length > 0 ? { errors: faults.map(asJson) } : {}) });
      return faults.length === 0 ? exit.ok : exit.fault;
    }
    const width = Math.max(...graph.classes.map((label) => label.length));
    for (const { path, classes } of predictions) {
      io.stdout.write(`${io.out.bold(path)}\n`);
      for (const { label, probability } of classes) {
        const share = `${(100 * probability).toFixed(1)}%`.padStart(6);
        io.stdout.write(`  ${label.padEnd(width)} ${share} ${bar(probability, 20)}\n`);
      }
    }
    for (const { code, message, path, hint } of faults) {
      io.say(`${io.err.red(`error[${code}]`)}: ${path}: ${message}${hint ? ` (${hint})` : ''}`);
    }
    return faults.length === 0 ? exit.ok : exit.fault;
  },
});

/** A bad photo does not cost the others their answer; where none is good, the first fault is the answer. */
async function decoded(paths: readonly string[], storageSize: number) {
  const all = await Promise.all(
    paths.map(async (path) => {
      try {
        return { ...(await decodeImage(path, { storageSize })), path };
      } catch (error) {
        if (error instanceof RuntimeError) return error;
        throw error;
      }
    }),
  );
  const faults = all.filter((one) => one instanceof RuntimeError);
  const photos = all.flatMap((one) => (one instanceof RuntimeError ? [] : [one]));
  if (photos.length === 0) throw faults[0];
  return { photos, faults };
}

const asJson = ({ code, message, path }: RuntimeError) => ({ code, message, path });

function ranked(classes: readonly string[], probabilities: Float64Array) {
  return classes
    .map((label, index) => ({ label, index, probability: probabilities[index] as number }))
    .sort((a, b) => b.probability - a.probability || a.index - b.index);
}
