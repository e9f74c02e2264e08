/** For kernels that are no plain sum of products: within a tolerance of the twin, and the same bits for every cut. */
import type { Floats, Kernel } from '../../runtime/kernels/kernel.ts';
import { BUILDS, type Buffers, runPlain, runWasm, sameBytes, type Values } from './harness.ts';

export function checkAgreement(
  kernel: Kernel,
  values: Values,
  units: number,
  tolerance: number,
): void {
  // Scratch is written too, but holds nothing that anybody reads afterwards.
  const results = (all: Buffers): [string, Floats][] =>
    Object.entries(all).filter(([name]) => name !== 'scratch');
  const exact = runPlain(kernel, values, units);
  for (const build of BUILDS) {
    const got = runWasm(build, kernel, values, units);
    for (const [name, expected] of results(exact)) {
      const wrong = expected.findIndex(
        (x, i) => !(Math.abs(got[name]![i]! - x) <= tolerance * (1 + Math.abs(x))),
      );
      if (wrong < 0) continue;
      const detail = `${name}[${wrong}] is ${got[name]![wrong]}, not ${expected[wrong]}`;
      throw new Error(`${kernel.name} (${build}): ${detail}`);
    }
    for (const cuts of [2, 3]) {
      const again = runWasm(build, kernel, values, units, cuts);
      for (const [name, whole] of results(got)) {
        if (sameBytes(again[name]!, whole)) continue;
        throw new Error(`${kernel.name} (${build}): ${name} depends on the cut`);
      }
    }
  }
}
