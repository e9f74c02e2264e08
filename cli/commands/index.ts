/** The commands, in the order of the help page. A file is loaded when its command runs. */

import type { CommandModule } from '../command.ts';

export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<{ readonly command: CommandModule }>;
}

export const commands: readonly CommandEntry[] = [
  {
    name: 'compile',
    summary: 'check an architecture and show what it costs',
    load: () => import('./compile.ts'),
  },
  {
    name: 'fit',
    summary: 'solve the widths for a number of parameters',
    load: () => import('./fit.ts'),
  },
  {
    name: 'draw',
    summary: 'draw the network as an SVG',
    load: () => import('./draw.ts'),
  },
  {
    name: 'diff',
    summary: 'show what changed from one architecture to another',
    load: () => import('./diff.ts'),
  },
  {
    name: 'train',
    summary: 'train a network on folders of photos',
    load: () => import('./train.ts'),
  },
  {
    name: 'compare',
    summary: 'train networks alike and compare them',
    load: () => import('./compare.ts'),
  },
  {
    name: 'sweep',
    summary: 'search settings within a budget',
    load: () => import('./sweep.ts'),
  },
  {
    name: 'lr-find',
    summary: 'find a learning rate by trying a range of them',
    load: () => import('./lr-find.ts'),
  },
  {
    name: 'teacher-check',
    summary: 'see whether a teacher is worth learning from',
    load: () => import('./teacher-check.ts'),
  },
  {
    name: 'eval',
    summary: 'measure a trained network on photos',
    load: () => import('./eval.ts'),
  },
  {
    name: 'predict',
    summary: 'say what is on a photo',
    load: () => import('./predict.ts'),
  },
  {
    name: 'import',
    summary: 'read weights that another program trained',
    load: () => import('./import.ts'),
  },
  {
    name: 'emit',
    summary: 'turn a network into code and files for other programs',
    load: () => import('./emit.ts'),
  },
  {
    name: 'verify',
    summary: 'compare an emitted module with its network',
    load: () => import('./verify.ts'),
  },
  {
    name: 'zoo',
    summary: 'list the architectures that come with netlathe',
    load: () => import('./zoo.ts'),
  },
  {
    name: 'explain',
    summary: 'explain a diagnostic: netlathe explain E401',
    load: () => import('./explain.ts'),
  },
  {
    name: 'init',
    summary: 'write a first architecture',
    load: () => import('./init.ts'),
  },
  {
    name: 'completion',
    summary: 'print a completion script for your shell',
    load: () => import('./completion.ts'),
  },
];
