/** The harness itself: a proof that cannot fail would prove nothing. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Proof, prove, type Trial } from '../../scripts/proofs/harness.ts';
import { proofs } from '../../scripts/proofs/index.ts';

const limits = { seed: 3, seconds: 60, count: 10 };
const proofOf = (run: (trial: Trial) => Promise<void>): Proof => {
  const about = { promise: 'nothing', unit: 'cases', seconds: 1, cases: 10 };
  return { name: 'sample', ...about, run };
};

describe('a proof', () => {
  it('counts its cases, and names those that fail or throw', async () => {
    const result = await prove(
      proofOf(async (trial) => {
        for (const seed of trial.cases()) {
          await trial.check(seed, () => {
            if (seed === 3_000_004) throw new Error('broken');
            return seed % 5 === 2 ? 'wrong' : undefined;
          });
        }
      }),
      limits,
    );
    expect(result.count).toBe(10);
    expect(result.failures.map(({ which }) => which)).toEqual(['3000002', '3000004', '3000007']);
    expect(result.failures[1]?.text).toContain('Error: broken');
  });

  it('has failed where nothing was tried, or where it breaks', async () => {
    const idle = await prove(
      proofOf(async () => {}),
      limits,
    );
    expect(idle.failures).toHaveLength(1);
    const broken = await prove(
      proofOf(async (trial) => {
        trial.done();
        throw new Error('oh');
      }),
      limits,
    );
    expect(broken.failures[0]?.text).toContain('Error: oh');
  });

  it('tries one case alone where one is asked for', async () => {
    const tried: number[] = [];
    const all = proofOf(async (trial) => {
      for (const seed of trial.cases()) {
        tried.push(seed);
        trial.done();
      }
    });
    await prove(all, { ...limits, only: '77' });
    expect(tried).toEqual([77]);
  });

  it('says so where its time is up before all named cases were tried', async () => {
    const named = proofOf(async (trial) => {
      for (const _ of trial.named([{ name: 'a' }, { name: 'b' }])) trial.done();
    });
    const result = await prove(named, { ...limits, seconds: 0 });
    expect(result.notes).toEqual(['2 of 2 not tried: the time was up']);
    // Not a single one: that proves nothing.
    expect(result.failures).toEqual([{ which: 'the proof itself', text: 'nothing was tried' }]);
  });

  it('keeps its folder after a failure, and no other', async () => {
    const folders: string[] = [];
    const failing = (fails: boolean) =>
      proofOf(async (trial) => {
        folders.push(trial.folder);
        await trial.check('one', () => (fails ? 'wrong' : undefined));
      });
    await prove(failing(false), limits);
    await prove(failing(true), limits);
    expect(folders.map((folder) => existsSync(folder))).toEqual([false, true]);
    rmSync(folders[1] as string, { recursive: true });
  });
});

it('every proof is found under its name, and has a command', () => {
  const root = path.resolve(import.meta.dirname, '../..');
  const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    readonly scripts: Readonly<Record<string, string>>;
  };
  for (const name of Object.keys(proofs)) {
    // Not imported: some bring TensorFlow.js with them.
    const text = readFileSync(path.join(root, `scripts/proofs/${name}.ts`), 'utf8');
    expect(text).toContain(`\n  name: '${name}',\n`);
    expect(scripts[`prove:${name}`]).toBe(`tsx scripts/prove.ts ${name}`);
  }
});
