import { kernel } from '../kernel.ts';

/** Width of a weight panel: what the matrix product computes at once, and pads a group's last panel to. */
export const PANEL = 8;

export interface PackedWeights {
  /** Rows of a panel: what is summed over for one output. */
  readonly depth: number;
  /** Columns of one group. */
  readonly channels: number;
  readonly groups: number;
}

/** How many panels, which is also how many work units either packing kernel has. */
export function packedPanels({ channels, groups }: Omit<PackedWeights, 'depth'>): number {
  return Math.ceil(channels / PANEL) * groups;
}

/** Floats of packed weights: each panel has a row of initial values before its weights. */
export function packedSize(packed: PackedWeights): number {
  return packedPanels(packed) * (packed.depth + 1) * PANEL;
}

/** Where row k of a group's column j lies. Row -1 is the initial value, the bias or zero. */
export function packedIndex(
  { depth, channels }: Omit<PackedWeights, 'groups'>,
  group: number,
  k: number,
  j: number,
): number {
  const panel = group * Math.ceil(channels / PANEL) + Math.floor(j / PANEL);
  return (panel * (depth + 1) + k + 1) * PANEL + (j % PANEL);
}

/** Weights [depth, outChannels] and a bias, for `pointwise` and `convolution`. */
export const packWeights = kernel({
  name: 'packWeights',
  args: {
    weights: 'in',
    bias: 'in',
    packed: 'out',
    depth: 'i32',
    outChannels: 'i32',
    groups: 'i32',
    hasBias: 'i32',
  },
  unit: 'panel',
  plain({ weights, bias, packed, depth, outChannels, groups, hasBias }, begin, end) {
    const channels = outChannels / groups;
    const panels = Math.ceil(channels / PANEL);
    for (let panel = begin; panel < end; panel++) {
      const group = Math.floor(panel / panels);
      for (let lane = 0; lane < PANEL; lane++) {
        const j = (panel % panels) * PANEL + lane;
        const column = group * channels + j;
        const initial = j < channels && hasBias ? bias[column]! : 0;
        packed[packedIndex({ depth, channels }, group, -1, j)] = initial;
        for (let k = 0; k < depth; k++) {
          const weight = j < channels ? weights[k * outChannels + column]! : 0;
          packed[packedIndex({ depth, channels }, group, k, j)] = weight;
        }
      }
    }
  },
});

/**
 * The order of a kernel's taps along one axis in transposed weights. With a stride only the taps of one residue class
 * meet a given pixel; they are sorted by class, and by falling position within one.
 */
export function tapClasses(taps: number, stride: number, dilation: number): number[][] {
  return Array.from({ length: stride }, (_, residue) =>
    Array.from({ length: taps }, (_, i) => taps - 1 - i).filter(
      (tap) => (tap * dilation) % stride === residue,
    ),
  );
}

/** The taps [y, x] of a kernel in the order of their rows in transposed weights. */
export function transposedTaps(shape: {
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly strideY: number;
  readonly strideX: number;
  readonly dilationY: number;
  readonly dilationX: number;
}): [number, number][] {
  const rows = tapClasses(shape.kernelHeight, shape.strideY, shape.dilationY);
  const columns = tapClasses(shape.kernelWidth, shape.strideX, shape.dilationX);
  return rows.flatMap((ys) =>
    columns.flatMap((xs) => ys.flatMap((y) => xs.map((x): [number, number] => [y, x]))),
  );
}

/**
 * Weights [kernelHeight, kernelWidth, inChannels / groups, outChannels] for the gradient to the input. A pointwise or
 * dense layer has a kernel of 1x1, strides, dilations and groups of 1; `pointwise` itself then takes the result.
 */
export const packWeightsTransposed = kernel({
  name: 'packWeightsTransposed',
  args: {
    weights: 'in',
    packed: 'out',
    kernelHeight: 'i32',
    kernelWidth: 'i32',
    inChannels: 'i32',
    outChannels: 'i32',
    strideY: 'i32',
    strideX: 'i32',
    dilationY: 'i32',
    dilationX: 'i32',
    groups: 'i32',
  },
  unit: 'panel',
  plain({ weights, packed, ...shape }, begin, end) {
    const { inChannels, outChannels, groups } = shape;
    const channels = inChannels / groups;
    const outGroup = outChannels / groups;
    const taps = transposedTaps(shape);
    const depth = taps.length * outGroup;
    const panels = Math.ceil(channels / PANEL);
    for (let panel = begin; panel < end; panel++) {
      const group = Math.floor(panel / panels);
      for (let lane = 0; lane < PANEL; lane++) {
        const j = (panel % panels) * PANEL + lane;
        packed[packedIndex({ depth, channels }, group, -1, j)] = 0;
        taps.forEach(([y, x], tap) => {
          for (let k = 0; k < outGroup; k++) {
            const row = (y * shape.kernelWidth + x) * channels + j;
            const weight = j < channels ? weights[row * outChannels + group * outGroup + k]! : 0;
            packed[packedIndex({ depth, channels }, group, tap * outGroup + k, j)] = weight;
          }
        });
      }
    }
  },
});
