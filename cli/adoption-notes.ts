/** What to say of weights that came from a file. */

import type { Adoption } from '../runtime/train/adopt-weights.ts';

const namings = {
  netlathe: "by netlathe's names",
  pytorch: 'by the names of the emitted PyTorch module',
  order: 'in the order of the layers, as torchvision names them',
} as const;

export function adoptionNotes({ weights, naming, head }: Adoption): readonly string[] {
  const taken = `${weights.size.toLocaleString('en-US')} tensors read ${namings[naming]}`;
  if (head.length === 0) return [taken];
  return [taken, `${head.join(' and ')} start anew: the file has another last layer, or none`];
}
