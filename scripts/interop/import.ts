/** torchvision's classics with random weights, read into the zoo: the same logits. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readSafetensors, toFloat32 } from '../../compiler/weights/index.ts';
import { readWeights } from '../../runtime/train/read-weights.ts';
import { apart, logitsOf, zooInput } from './networks.ts';
import { askPython } from './python.ts';

/** By our names. */
export const classics: Readonly<Record<string, string>> = {
  resnet18: 'resnet18',
  resnet34: 'resnet34',
  resnet50: 'resnet50',
  'mobilenet-v2': 'mobilenet_v2',
  'mobilenet-v3-small': 'mobilenet_v3_small',
  'mobilenet-v3-large': 'mobilenet_v3_large',
  'shufflenet-v2-x0.5': 'shufflenet_v2_x0_5',
  'shufflenet-v2-x1': 'shufflenet_v2_x1_0',
  'squeezenet1.1': 'squeezenet1_1',
  'efficientnet-b0': 'efficientnet_b0',
  'mnasnet1.0': 'mnasnet1_0',
};

/** How far netlathe's logits are from torchvision's, as a share of the largest, by our names. */
export async function importedApart(
  names: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const differences = new Map<string, number>();
  const folder = mkdtempSync(path.join(tmpdir(), 'netlathe-import-'));
  try {
    await askPython('classics.py', [
      folder,
      '11',
      ...names.map((name) => classics[name] as string),
    ]);
    for (const name of names) {
      const file = (what: string) => path.join(folder, `${classics[name]}.${what}.safetensors`);
      const { graph } = zooInput(name);
      const weights = await readWeights(file('weights'), graph);
      const { tensors } = readSafetensors(readFileSync(file('expected')));
      const [bytes, logits] = [tensors.get('bytes'), tensors.get('logits')];
      const expected = logits && toFloat32(logits.dtype, logits.bytes);
      if (!bytes || !expected) throw new Error('classics.py wrote no logits');
      differences.set(name, apart(await logitsOf(graph, weights, bytes.bytes), expected));
    }
    return differences;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
