/** Target `safetensors`: the weights alone, under the names and in the layout of netlathe; what `--init` takes. */

import { weightsToSafetensors } from '../../weights/index.ts';
import type { BundleFiles, EmitInput } from '../ts/emit.ts';
import { banner } from '../ts/header.ts';

export function emitSafetensors({ graph, weights, netlathe }: EmitInput): BundleFiles {
  const metadata = new Map([
    ['about', `Weights of an image classifier. ${banner}`],
    ['name', graph.name],
    ['classes', JSON.stringify(graph.classes)],
    ['input', JSON.stringify(graph.input)],
    ['preprocessing', JSON.stringify(graph.preprocessing)],
    ['layout', 'netlathe: kernels are [height, width, in / groups, out] or [in, out]'],
    ['netlathe', netlathe],
  ]);
  return new Map([['weights.safetensors', weightsToSafetensors(weights, metadata)]]);
}
