/** A few cases of each proof that is quick to begin with; `npm run prove:NAME` tries many. */
import { expect, test } from 'vitest';
import { prove } from '../../scripts/proofs/harness.ts';
import { proofs } from '../../scripts/proofs/index.ts';

interface Sample {
  readonly count: number;
  readonly values?: Readonly<Record<string, unknown>>;
}

/** Not here: proofs that are tests already (kernels, modules, engines, determinism, kill and interrupt), and those
 * that need minutes (disk-full, leaks, supply-chain). */
const samples: Readonly<Record<string, Sample>> = {
  yaml: { count: 10, values: { jobs: '2' } },
  paths: { count: 100 },
  weights: { count: 400 },
  images: { count: 60 },
  nan: { count: 20 },
  validate: { count: 2 },
  resume: { count: 2 },
  crash: { count: 6 },
  concurrency: { count: 8, values: { processes: '2' } },
};

test.each(Object.entries(samples))('prove:%s', { timeout: 120_000 }, async (name, sample) => {
  const { proof } = (await proofs[name]?.()) ?? {};
  if (!proof) throw new Error(`there is no proof ${name}`);
  const result = await prove(proof, { seed: 9, seconds: 100, ...sample });
  expect(result.failures).toEqual([]);
  expect(result.count).toBeGreaterThan(0);
});
