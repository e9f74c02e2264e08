import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { concat, section, u32, vector } from '../../compiler/7-emit/wasm/binary.ts';
import { stripModule } from '../../compiler/7-emit/wasm/strip.ts';
import {
  compileKernelModule,
  createKernelMemory,
  instantiateKernels,
  kernelFile,
  supportsRelaxed,
} from '../../runtime/kernels/load.ts';
import { KERNELS } from '../../runtime/kernels/registry.ts';

const strict = await readFile(kernelFile('strict'));
const names = [...KERNELS.keys()];

function instance(wasm: Uint8Array<ArrayBuffer>, pages = 1) {
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm), { env: { memory } });
  return { memory, exports: exports as Record<string, (...args: number[]) => void> };
}

describe('cutting kernels out of the module', () => {
  test.each(names)('%s alone is a valid module over a memory that is not shared', (name) => {
    const wasm = stripModule(strict, [name], 1);
    expect(Object.keys(instance(wasm).exports)).toEqual([name]);
    expect(wasm.length).toBeLessThan(strict.length);
  });

  test('all kernels are as many functions as before', () => {
    const wasm = stripModule(strict, names, 1);
    expect(Math.abs(wasm.length - strict.length)).toBeLessThan(32);
    expect(Object.keys(instance(wasm).exports)).toEqual(names);
  });

  test('the relaxed build as well', async () => {
    if (!supportsRelaxed()) return;
    const relaxed = await readFile(kernelFile('relaxed'));
    for (const name of names) instance(stripModule(relaxed, [name], 1));
  });

  test('it computes what the whole module computes', async () => {
    const shared = createKernelMemory(65536);
    const whole = instantiateKernels(await compileKernelModule('strict'), shared);
    const cut = instance(stripModule(strict, ['copyChannels', 'pointwise'], 1));
    for (const buffer of [shared.buffer, cut.memory.buffer]) {
      new Float32Array(buffer).forEach((_, i, all) => {
        all[i] = Math.fround(Math.sin(i * 37));
      });
    }
    const args = [64, 8192, 32768, 9, 21, 13, 0, 1];
    whole.pointwise?.(...args);
    cut.exports.pointwise?.(...args);
    expect(new Uint8Array(cut.memory.buffer)).toEqual(new Uint8Array(shared.buffer).slice());
  });

  test('a memory that is too small is refused by the engine', () => {
    const wasm = new WebAssembly.Module(stripModule(strict, ['pointwise'], 3));
    const memory = new WebAssembly.Memory({ initial: 2, maximum: 2 });
    expect(() => new WebAssembly.Instance(wasm, { env: { memory } })).toThrow(
      WebAssembly.LinkError,
    );
  });

  test('what kernels never have is refused', () => {
    expect(() => stripModule(strict, ['nothing'], 1)).toThrow('no kernel "nothing"');
    const data = section(11, Uint8Array.of(0));
    expect(() => stripModule(concat([strict, data]) as Uint8Array, names, 1)).toThrow('section 11');
  });

  test.each([
    ['memory.grow', [0x41, 0x01, 0x40, 0x00, 0x1a]],
    ['an atomic fence', [0xfe, 0x03, 0x00]],
    ['an indirect call', [0x41, 0x00, 0x11, 0x00, 0x00]],
  ])('%s is refused', (_, instructions) => {
    expect(() => stripModule(moduleOf(instructions), ['f'], 1)).toThrow('opcode');
  });

  test('types of blocks are renumbered', () => {
    // (block (type 1)): the second type, which is the only one left after the first.
    const wasm = stripModule(moduleOf([0x02, 0x01, 0x0b]), ['f'], 1);
    instance(wasm).exports.f?.();
  });
});

/** One function f without parameters, two types: nothing to nothing, twice. */
function moduleOf(instructions: readonly number[]): Uint8Array {
  const type = [0x60, 0x00, 0x00];
  const memory = [0x03, 0x65, 0x6e, 0x76, 0x06, ...Buffer.from('memory'), 0x02, 0x00, 0x01];
  const body = [0x00, ...instructions, 0x0b];
  return concat([
    [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    section(1, vector([type, type])),
    section(2, vector([memory])),
    section(3, vector([[0x00]])),
    section(7, vector([[0x01, 0x66, 0x00, 0x00]])),
    section(10, vector([[...u32(body.length), ...body]])),
  ]);
}
