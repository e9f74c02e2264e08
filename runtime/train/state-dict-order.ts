/**
 * The modules of a PyTorch state dict in the order in which an image passes them. A safetensors file sorts its tensors by
 * name, so the order is read off the names: those of torchvision's ResNet, MobileNet, ShuffleNet, SqueezeNet,
 * EfficientNet and MNASNet.
 */

import type { Weight, WeightStore } from '../../compiler/weights/index.ts';

export interface TorchModule {
  readonly name: string;
  /** By the last word of their names: `weight`, `bias`, `running_mean`, `running_var`. */
  readonly tensors: ReadonlyMap<string, Weight>;
}

export interface TorchModules {
  /** Convolutions and dense layers: their weight has several axes. */
  readonly kernels: readonly TorchModule[];
  readonly norms: readonly TorchModule[];
}

export function modulesInOrder(weights: WeightStore): TorchModules {
  const modules = new Map<string, Map<string, Weight>>();
  for (const [name, weight] of weights) {
    const dot = name.lastIndexOf('.');
    const module = name.slice(0, Math.max(0, dot));
    const tensors = modules.get(module) ?? new Map<string, Weight>();
    tensors.set(name.slice(dot + 1), weight);
    modules.set(module, tensors);
  }
  const sorted = [...modules]
    .map(([name, tensors]) => ({ name, tensors }))
    .sort((a, b) => compareNames(a.name, b.name));
  const isKernel = ({ tensors }: TorchModule) => (tensors.get('weight')?.shape.length ?? 1) > 1;
  return {
    kernels: sorted.filter(isKernel),
    norms: sorted.filter((module) => !isKernel(module)),
  };
}

function compareNames(a: string, b: string): number {
  const [left, right] = [a.split('.'), b.split('.')];
  for (let depth = 0; depth < Math.min(left.length, right.length); depth++) {
    const [x, y] = [left[depth] as string, right[depth] as string];
    if (x === y) continue;
    return rank(x, depth) - rank(y, depth) || natural(x, y);
  }
  return left.length - right.length;
}

/** Where the alphabet would mislead. */
function rank(segment: string, depth: number): number {
  if (depth === 0) {
    if (/^(fc|classifier|head)$/.test(segment)) return 3;
    // ShuffleNet's last convolution comes after its stages.
    if (segment === 'conv5') return 2;
    return /^(conv|bn)1$/.test(segment) ? 0 : 1;
  }
  // The projection of a residual stands before the layers beside it, as in our graphs; a fire module squeezes first.
  return segment === 'downsample' || segment === 'squeeze' ? 0 : 1;
}

/** Numbers in names count as numbers. */
function natural(a: string, b: string): number {
  const parts = (text: string) => text.match(/\d+|\D+/g) ?? [];
  const [left, right] = [parts(a), parts(b)];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const [x, y] = [left[i] as string, right[i] as string];
    if (x === y) continue;
    const difference = Number(x) - Number(y);
    return Number.isNaN(difference) ? (x < y ? -1 : 1) : difference;
  }
  return left.length - right.length;
}
