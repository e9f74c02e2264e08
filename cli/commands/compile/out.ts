/** `compile --out DIR`: the network with its initial weights, as a model that tfjs loads. */

import { saveTfjsModel } from '../../../compiler/7-emit/tfjs/index.ts';
import type { Compiled } from '../../../compiler/compile.ts';
import { initialize } from '../../../compiler/weights/index.ts';
import type { CommandIo } from '../../io.ts';
import { bytes } from '../../report/units.ts';

export async function writeModel(
  io: CommandIo,
  { graph, normal }: Compiled,
  folder: string,
): Promise<void> {
  const weights = initialize(graph, normal.recipe?.seed ?? 1);
  const { files, weightBytes } = await saveTfjsModel(graph, weights, folder);
  io.say(`wrote ${files.join(' and ')} (${bytes(weightBytes)} of initial weights)`);
}
