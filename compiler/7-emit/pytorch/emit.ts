/** Target `pytorch`: model.py with the names of the YAML, and its weights as a state dict in safetensors. */

import { weightsToSafetensors } from '../../weights/index.ts';
import type { BundleFiles, EmitInput } from '../ts/emit.ts';
import { banner } from '../ts/header.ts';
import { modelSource } from './source.ts';
import { stateDict } from './weights.ts';

export function emitPytorch(input: EmitInput): BundleFiles {
  return new Map([
    ['model.py', new TextEncoder().encode(modelSource(input))],
    ['weights.safetensors', torchWeights(input)],
  ]);
}

export function torchWeights({ graph, weights, netlathe }: EmitInput): Uint8Array {
  const metadata = new Map([
    ['about', `Weights of an image classifier. ${banner}`],
    ['name', graph.name],
    ['classes', JSON.stringify(graph.classes)],
    ['layout', 'pytorch'],
    ['netlathe', netlathe],
  ]);
  return weightsToSafetensors(stateDict(graph, weights), metadata);
}
