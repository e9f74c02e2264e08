/**
 * wasm/math.ts against float64. The functions are no kernels and have no exports, so the test compiles an entry of its
 * own around them, with one loop over vectors and one over scalars for each.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import asc from 'assemblyscript/asc';
import { beforeAll, describe, expect, it } from 'vitest';
import { erf } from '../../runtime/kernels/plain/activation.ts';
import { RUNS } from './harness.ts';

const ROOT = join(import.meta.dirname, '../..');
const ENTRY = 'runtime/kernels/wasm/math-entry.ts';

interface Case {
  readonly name: 'exp' | 'log' | 'tanh' | 'sigmoid' | 'erf';
  readonly exact: (x: number) => number;
  readonly from: number;
  readonly to: number;
  /** Bound on the error, in units in the last place of the result. */
  readonly ulps: number;
}

const CASES: readonly Case[] = [
  { name: 'exp', exact: Math.exp, from: -87, to: 88.7, ulps: 1.5 },
  { name: 'log', exact: Math.log, from: 2 ** -140, to: 2 ** 100, ulps: 1.5 },
  { name: 'tanh', exact: Math.tanh, from: -12, to: 12, ulps: 2 },
  { name: 'sigmoid', exact: (x) => 1 / (1 + Math.exp(-x)), from: -87, to: 20, ulps: 2.5 },
  { name: 'erf', exact: erf, from: -5, to: 5, ulps: 2 },
];

const loops = CASES.map(
  ({ name }) => `
export function ${name}Vectors(n: i32): void {
  for (let i = 0; i < n; i += 4) v128.store(OUT + (i << 2), math.${name}(v128.load(i << 2)));
}
export function ${name}Lanes(n: i32): void {
  for (let i = 0; i < n; i++) {
    f32.store(OUT + (i << 2), f32x4.extract_lane(math.${name}(f32x4.splat(f32.load(i << 2))), 0));
  }
}`,
).join('');

const COUNT = 1 << 16;
const SOURCE = `import * as math from './math';\nconst OUT: usize = ${COUNT * 4};\n${loops}`;

const memory = new WebAssembly.Memory({ initial: (COUNT * 8) >> 16, maximum: 16, shared: true });
const inputs = new Float32Array(memory.buffer, 0, COUNT);
const outputs = new Float32Array(memory.buffer, COUNT * 4, COUNT);
let run: Record<string, (n: number) => void> = {};

beforeAll(async () => {
  let binary: Uint8Array<ArrayBuffer> | undefined;
  const { error, stderr } = await asc.main(
    [
      ...[ENTRY, '--baseDir', ROOT, '--outFile', 'math.wasm', '--optimizeLevel', '3', '--noAssert'],
      ...['--runtime', 'stub', '--importMemory', '--sharedMemory', '--noExportMemory'],
      ...['--initialMemory', '1', '--maximumMemory', '16', '--enable', 'simd,threads'],
      ...['--disableWarning', '112', '--use', 'RELAXED=0'],
    ],
    {
      readFile: async (name, base) =>
        name === ENTRY ? SOURCE : await readFile(join(base, name), 'utf8').catch(() => null),
      writeFile: (_name, contents) => {
        if (typeof contents !== 'string') binary = Uint8Array.from(contents);
      },
    },
  );
  if (error || !binary) throw new Error(stderr.toString());
  const { instance } = await WebAssembly.instantiate(binary, { env: { memory } });
  run = instance.exports as typeof run;
});

/** The distance between float32 numbers at x. */
function ulp(x: number): number {
  return 2 ** (Math.max(-126, Math.floor(Math.log2(Math.abs(x)))) - 23);
}

/** Evenly over [from, to], with a part near zero, where relative errors hide; log is spread over its exponents. */
function fillInputs({ name, from, to }: Case, offset: number): void {
  for (let i = 0; i < COUNT; i++) {
    const t = (i + offset) / COUNT;
    if (name === 'log') inputs[i] = i & 1 ? 2 ** (-140 + 240 * t) : 0.5 + 1.5 * t;
    else inputs[i] = i & 1 ? from + (to - from) * t : 2 * t - 1;
  }
}

/** The shared buffer cannot be compared by toEqual when it holds NaN payloads; its words can. */
function outputBits(): Uint32Array {
  return new Uint32Array(memory.buffer, COUNT * 4, COUNT).slice();
}

describe.each(CASES)('$name', (c) => {
  it('is within its bound of the exact value', () => {
    let worst = 0;
    for (let pass = 0; pass < Math.max(1, RUNS / 30); pass++) {
      fillInputs(c, (pass * 0.618) % 1);
      run[`${c.name}Vectors`]!(COUNT);
      for (let i = 0; i < COUNT; i++) {
        const exact = c.exact(inputs[i]!);
        worst = Math.max(worst, Math.abs(outputs[i]! - exact) / ulp(exact || 1));
      }
    }
    expect(worst).toBeLessThanOrEqual(c.ulps);
  });

  it('gives a scalar the bits of a lane', () => {
    fillInputs(c, 0.5);
    run[`${c.name}Vectors`]!(COUNT);
    const vectors = outputBits();
    run[`${c.name}Lanes`]!(COUNT);
    expect(outputBits()).toEqual(vectors);
  });
});

describe('special values', () => {
  const at = (name: Case['name'], x: number): number => {
    inputs.fill(x, 0, 4);
    run[`${name}Vectors`]!(4);
    return outputs[0]!;
  };

  it.each([
    ['exp', Infinity, Infinity],
    ['exp', 89, Infinity],
    ['exp', -Infinity, 0],
    ['exp', -110, 0],
    ['exp', 0, 1],
    ['log', 0, -Infinity],
    ['log', 1, 0],
    ['log', -1, Number.NaN],
    ['log', Infinity, Infinity],
    ['tanh', 0, 0],
    ['tanh', -0, -0],
    ['tanh', Infinity, 1],
    ['tanh', -Infinity, -1],
    ['sigmoid', Infinity, 1],
    ['sigmoid', -Infinity, 0],
    ['sigmoid', 0, 0.5],
    ['erf', Infinity, 1],
    ['erf', -Infinity, -1],
    ['erf', -0, -0],
    ...CASES.map(({ name }) => [name, Number.NaN, Number.NaN] as const),
  ] as const)('%s(%d) is %d', (name, x, expected) => {
    expect(at(name, x)).toBe(expected);
  });
});
