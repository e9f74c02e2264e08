/** `netlathe import`: weights that others named become weights of an architecture. */

import path from 'node:path';
import { weightsToSafetensors } from '../../compiler/weights/index.ts';
import { writeFileAtomic } from '../../runtime/files/atomic-write.ts';
import { startingWeights } from '../../runtime/train/read-weights.ts';
import { adoptionNotes } from '../adoption-notes.ts';
import { defineCommand, jsonOption } from '../command.ts';
import { compileReference } from '../compile-reference.ts';
import { exit, UsageError } from '../io.ts';
import { wholeNumber } from '../options.ts';

interface Options {
  readonly arch: string;
  readonly out: string;
  readonly seed?: string;
  readonly json?: boolean;
}

export const command = defineCommand<Options>({
  examples: [
    'netlathe import resnet18-torchvision.safetensors --arch resnet18 --out resnet18.safetensors',
    'netlathe import trained/weights.safetensors --arch my.yaml --out my.safetensors',
  ],
  configure: (command) =>
    command
      .argument('<weights>', "a .safetensors file: PyTorch's names or netlathe's")
      .requiredOption('--arch <arch>', 'the architecture they belong to')
      .requiredOption('--out <file>', 'the .safetensors file to write')
      .option('--seed <n>', 'for a last layer that the file does not have (default: 0)')
      .option(...jsonOption),
  run: async (io, [file], options) => {
    const { arch, out, seed, json } = options;
    if (!out.endsWith('.safetensors')) throw new UsageError('--out must end in .safetensors');
    const opened = await compileReference(io, arch, json);
    if (!opened) return exit.fault;
    const { graph } = opened.compiled;
    const given = path.resolve(io.cwd, file as string);
    const { weights, adoption } = await startingWeights(
      given,
      graph,
      wholeNumber('--seed', seed) ?? 0,
    );
    await writeFileAtomic(path.resolve(io.cwd, out), weightsToSafetensors(weights));
    if (json) {
      const { naming, head } = adoption;
      io.printJson({ out, naming, tensors: adoption.weights.size, fresh: head });
    } else for (const note of adoptionNotes(adoption)) io.stdout.write(`${note}\n`);
    return exit.ok;
  },
});
