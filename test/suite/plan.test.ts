/** What a suite comes to before anything is trained: whose recipe is whose, and who learns from whom. */

import { expect, it } from 'vitest';
import { diskSource } from '../../cli/source.ts';
import { planSuite } from '../../compiler/suite/plan.ts';
import { sameRecipe } from '../../runtime/suite/state.ts';
import { trialsOf } from '../../runtime/suite/trial.ts';

const disk = diskSource({ cwd: process.cwd() });

function planOf(networks: string, more = '') {
  const text = `version: 1\nname: sample\nseeds: [0, 1]\nnetworks:\n${networks}${more}`;
  const source = {
    resolve: (name: string, from: string | undefined) =>
      name === 'suite.yaml' ? name : disk.resolve(name, from === 'suite.yaml' ? undefined : from),
    read: (name: string) => (name === 'suite.yaml' ? text : disk.read(name)),
  };
  const result = planSuite(source, 'suite.yaml', { same: sameRecipe });
  if (!result.ok) throw new Error(result.diagnostics.map((d) => d.message).join('\n'));
  return result.value;
}

const textOf = (plan: ReturnType<typeof planOf>, id: string) =>
  trialsOf(plan, 'out').find((trial) => trial.id === `${id}/seed-0`)?.text;

const taught = `  small: { arch: student-plain, train: { distill: { teacher: big } } }
  big: { arch: student }
  other: { arch: student }
`;

it('takes the teacher away with the key that names it', () => {
  const plan = planOf(taught, 'ablate: { network: small, vary: { distill: null } }\n');
  const varied = plan.networks.find(({ id }) => id === 'small--distill-off');
  expect(varied?.teacher).toBeUndefined();
  expect(textOf(plan, 'small')).toContain('teacher: out/runs/big/seed-0');
  expect(textOf(plan, 'small--distill-off')).not.toContain('distill:');
});

it('varies the teacher itself', () => {
  const plan = planOf(taught, 'ablate: { network: small, vary: { distill.teacher: other } }\n');
  const varied = plan.networks.find(({ ablation }) => ablation);
  expect(varied?.teacher).toBe('other');
  expect(textOf(plan, String(varied?.id))).toContain('teacher: out/runs/other/seed-0');
  const trials = trialsOf(plan, 'out');
  expect(trials.find(({ id }) => id === `${varied?.id}/seed-1`)?.after).toBe('other/seed-1');
});

it('finds a variant, and what ablate makes, as teachers', () => {
  const plan = planOf(
    `  small: { arch: student-plain, train: { distill: { teacher: big-relu } } }
  tiny: { arch: student-plain, train: { distill: { teacher: small--labelSmoothing-0.2 } } }
  big: { arch: student, variants: [relu] }
`,
    'ablate: { network: small, vary: { labelSmoothing: 0.2 } }\n',
  );
  expect(plan.networks.map(({ id, teacher }) => [id, teacher])).toEqual([
    ['small', 'big-relu'],
    ['tiny', 'small--labelSmoothing-0.2'],
    ['big-relu', undefined],
    ['small--labelSmoothing-0.2', 'big-relu'],
  ]);
});

it('varies a variant by its own entry, also where another begins alike', () => {
  const plan = planOf(
    `  net: { arch: student, variants: [relu], train: { epochs: 3 } }
  net-x: { arch: student, variants: [relu], train: { epochs: 5 } }
`,
    'ablate: { network: net-x-relu, vary: { labelSmoothing: 0.2 } }\n',
  );
  const varied = plan.networks.find(({ ablation }) => ablation);
  expect([varied?.entry, varied?.recipe.epochs]).toEqual(['net-x', 5]);
});

it('does not call a network unknown that is too large', () => {
  const more = `budget: { params: { atMost: 1000 } }
questions: [{ ask: Which?, of: [large, nobody] }]
`;
  const faults = () => planOf('  large: { arch: student }\n', more);
  expect(faults).toThrow(/256,?779/);
  expect(faults).toThrow(/"nobody", which is none/);
  expect(faults).not.toThrow(/"large", which is none/);
});
