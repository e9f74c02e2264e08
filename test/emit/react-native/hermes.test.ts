/**
 * Modules of target `react-native`, compiled by React Native's compiler and run in a Hermes VM, which has neither
 * WebAssembly nor a JIT: hence small networks. `npm run prove:hermes` takes larger ones and the types of the component.
 * `npm run interop:install` gets the tools; CI does, and there their absence is a failure.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { runInHermes } from '../../../scripts/hermes/run.ts';
import { foundHermes } from '../../../scripts/hermes/tools.ts';
import { generatedInputs, zooInput } from '../../../scripts/interop/networks.ts';

const tools = foundHermes('vm');
const drawn = 6;

test.runIf(process.env.CI)('CI has the tools', () => {
  expect(tools).toBeDefined();
});

describe.skipIf(!tools)('in Hermes (npm run interop:install)', () => {
  let work: string;
  beforeAll(() => {
    work = mkdtempSync(path.join(tmpdir(), 'netlathe-hermes-'));
  });
  afterAll(() => rmSync(work, { recursive: true, force: true }));

  const cases = [
    { name: 'student', pictures: 1, input: () => zooInput('student') },
    ...generatedInputs(drawn).map((input, i) => ({
      name: `drawn ${i}`,
      pictures: 3,
      input: () => input,
    })),
  ];

  it.each(cases)(
    '$name: the self test passes and every class is that of Node',
    async (one) => {
      const { pictures } = one;
      const result = await runInHermes(one.input(), { tools: tools as string, work, pictures });
      expect(result.passed).toBe(true);
      expect(result.node).toHaveLength(pictures);
      expect(result.hermes).toEqual(result.node);
      // What the module must do without, lest the test show nothing of it.
      expect(result.globals).toEqual([]);
    },
    120_000,
  );
});
