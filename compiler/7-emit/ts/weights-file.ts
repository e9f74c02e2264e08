/** The file of weights that a module loads: buffers one after the other, as floats or as half floats. */

import { fingerprintOf } from '../../../templates/support/weights.ts';
import type { Constant, ModulePlan } from './plan.ts';

export type WeightType = 'fp32' | 'fp16' | 'int8';

export interface WeightsFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly fingerprint: number;
  /** Byte offset in memory, number of values, bytes a value. */
  readonly parts: readonly (readonly [number, number, number])[];
}

/** The largest that a half float holds. */
const largestHalf = 65504;

export function weightsFile(plan: ModulePlan, type: WeightType): WeightsFile {
  const runs = runsOf(plan, type);
  const sizes = runs.map(({ count, width }) => Math.ceil((count * width) / 4) * 4);
  const bytes = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0));
  let at = 0;
  runs.forEach(({ offset, count, width, constants }, i) => {
    if (width === 1) {
      for (const c of constants) bytes.set(c.values, at + c.offset - offset);
    } else {
      const floats = new Float32Array(count);
      for (const c of constants) floats.set(c.values, (c.offset - offset) / 4);
      if (width === 4) new Float32Array(bytes.buffer, at, count).set(floats);
      else new Uint16Array(bytes.buffer, at, count).set(floats.map(toHalf));
    }
    at += sizes[i] as number;
  });
  return {
    bytes,
    fingerprint: fingerprintOf(new Uint32Array(bytes.buffer)),
    parts: runs.map(({ offset, count, width }) => [offset, count, width]),
  };
}

interface Run {
  readonly offset: number;
  readonly count: number;
  readonly width: 1 | 2 | 4;
  readonly constants: readonly Constant[];
}

/** Neighbours of the same width are one part of the file. */
function runsOf({ constants, weightsEnd }: ModulePlan, type: WeightType): readonly Run[] {
  const runs: { offset: number; width: 1 | 2 | 4; constants: Constant[] }[] = [];
  for (const constant of constants) {
    const width = widthOf(constant, type);
    const last = runs.at(-1);
    if (last?.width === width) last.constants.push(constant);
    else runs.push({ offset: constant.offset, width, constants: [constant] });
  }
  return runs.map((run, i) => {
    const end = runs[i + 1]?.offset ?? weightsEnd;
    return { ...run, count: (end - run.offset) / (run.width === 1 ? 1 : 4) };
  });
}

/** Beside int8 weights those of layers that stay in floats are halves. */
function widthOf({ values, exact }: Constant, type: WeightType): 1 | 2 | 4 {
  if (values instanceof Uint8Array) return 1;
  if (type === 'fp32' || exact) return 4;
  // A value that a half float cannot hold keeps its whole buffer in floats; so does one that is no number.
  return values.every((v) => Math.abs(v) <= largestHalf) ? 2 : 4;
}

const words = new Uint32Array(1);
const floats = new Float32Array(words.buffer);

/** The nearest half float, ties to even; what is below the smallest becomes 0. */
export function toHalf(value: number): number {
  floats[0] = value;
  const bits = words[0] as number;
  const sign = (bits >>> 16) & 0x8000;
  const size = Math.abs(floats[0]);
  // Subnormal halves are multiples of 2^-24, and numbers below 2^-14.
  if (size < 2 ** -14) return sign | roundEven(size * 2 ** 24);
  const magnitude = (bits & 0x7fffffff) - (112 << 23);
  return sign | roundEven(magnitude / 8192);
}

function roundEven(value: number): number {
  const down = Math.floor(value);
  const rest = value - down;
  if (rest === 0.5) return down + (down & 1);
  return rest > 0.5 ? down + 1 : down;
}
