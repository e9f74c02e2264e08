/**
 * Which trials a suite has: each network with each seed, as a folder and the YAML that `netlathe train` is given. How a
 * trial is run is none of its business: see runner.ts.
 *
 *     OUT/runs/NETWORK/seed-0.yaml   what is trained: self-contained, with its widths and its recipe
 *     OUT/runs/NETWORK/seed-0/       the run
 *     OUT/runs/NETWORK/seed-0.log    what the process had to say
 */

import path from 'node:path';
import type { SuiteNetwork, SuitePlan } from '../../compiler/suite/plan.ts';
import { teacherSeed } from '../../compiler/suite/teachers.ts';
import { trialText } from './trial-text.ts';

export interface Trial {
  /** `depthwise/seed-0`, also the place of its folder. */
  readonly id: string;
  readonly network: SuiteNetwork;
  readonly seed: number;
  readonly folder: string;
  readonly file: string;
  readonly log: string;
  /** What `file` is to hold. */
  readonly text: string;
  /** As `text`, with a teacher by its place among the runs: for a page that others read elsewhere. */
  readonly shown: string;
  /** The trial that must be finished before. */
  readonly after: string | undefined;
  /** How long it takes, in a unit of its own: to compare trials with each other. */
  readonly work: number;
}

/** Teachers first; within that the first seed of all networks, then the second: early ends still compare. */
export function trialsOf(plan: SuitePlan, out: string): readonly Trial[] {
  const trials = plan.networks.flatMap((network) =>
    network.seeds.map((seed, order) => ({ order, trial: trialOf(plan, out, network, seed) })),
  );
  const teaches = (id: string) => trials.some(({ trial }) => trial.after === id);
  const rank = ({ order, trial }: (typeof trials)[number]) => order - (teaches(trial.id) ? 1e6 : 0);
  return [...trials].sort((a, b) => rank(a) - rank(b)).map(({ trial }) => trial);
}

export function trialId(network: string, seed: number): string {
  return `${network}/seed-${seed}`;
}

function trialOf(plan: SuitePlan, out: string, network: SuiteNetwork, seed: number): Trial {
  const id = trialId(network.id, seed);
  const folder = path.join(out, 'runs', network.id, `seed-${seed}`);
  const teacher = plan.networks.find((n) => n.id === network.teacher);
  const after = teacher && trialId(teacher.id, teacherSeed(teacher, seed));
  const { counts } = network.compiled;
  const text = textOf(network, seed, after && path.join(out, 'runs', after));
  return {
    id,
    network,
    seed,
    folder,
    file: `${folder}.yaml`,
    log: `${folder}.log`,
    text,
    shown: after === undefined ? text : textOf(network, seed, `runs/${after}`),
    after,
    // Small networks cost more than their multiply-adds: reading photos, norms, the optimizer.
    work: (network.recipe.epochs ?? 40) * (counts.macs + 2e6 + 10 * counts.params.trainable),
  };
}

function textOf(network: SuiteNetwork, seed: number, teacher: string | undefined): string {
  const { compiled, recipe } = network;
  const { distill, ...rest } = recipe as typeof recipe & { readonly distill?: object };
  const taught = distill && teacher ? { ...distill, teacher } : distill;
  return trialText(compiled, {
    name: network.id,
    // Solved widths are held to the suite's limits, not to those of the file that they came from.
    budget: network.fitted ? limitsOf(network) : compiled.normal.budget,
    train: { ...rest, seed, ...(taught ? { distill: taught } : {}) },
  });
}

function limitsOf({
  fitted,
  compiled,
}: SuiteNetwork): SuiteNetwork['compiled']['normal']['budget'] {
  if (!fitted) return compiled.normal.budget;
  const { metric, target, rule } = fitted.goal;
  if (rule === 'exactly') return { [metric]: { exactly: target } };
  if (rule === 'atMost') return { [metric]: { atMost: target } };
  return { [metric]: { within: { percent: 1, target } } };
}
