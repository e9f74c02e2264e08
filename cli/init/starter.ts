/** The text of a first architecture: short, commented, and with widths that keep its budget. */

import path from 'node:path';
import { rewrite } from '../../compiler/5-budget/fit/rewrite.ts';
import { fitWidths } from '../../compiler/5-budget/fit.ts';
import { compile, isComplete } from '../../compiler/compile.ts';
import { UsageError } from '../io.ts';

export const styles = ['depthwise', 'plain', 'group', 'residual'] as const;
export type StarterStyle = (typeof styles)[number];

export interface Starter {
  readonly name: string;
  readonly size: number;
  readonly classes: number | readonly string[];
  /** Trainable parameters, at most. */
  readonly params: number;
  readonly style: StarterStyle;
  /** As the first line names it. */
  readonly schema: string;
}

export const about: Readonly<Record<StarterStyle, string>> = {
  depthwise: 'depthwise and pointwise convolutions: the most layers for the parameters',
  plain: 'plain 3x3 convolutions: the simplest',
  group: '3x3 convolutions in 8 groups: between the two',
  residual: '3x3 convolutions with residual connections: for deeper networks',
};

const blocks: Readonly<Record<StarterStyle, string>> = {
  depthwise: `      - { op: conv2d, groups: depthwise }      # one 3x3 filter a channel
      - batchNorm
      - act
      - { op: conv2d, kernel: 1, filters: width }   # mixes the channels`,
  plain: `      - { op: conv2d, filters: width }
      - batchNorm
      - act`,
  group: `      - { op: conv2d, filters: width, groups: 8 }   # widths must be multiples of 8
      - batchNorm
      - act`,
  residual: `      - { op: conv2d, filters: width }
      - batchNorm
      - act
      - op: add                     # what enters, and what two layers make of it
        branches:
          - []
          - - { op: conv2d, filters: in }
            - batchNorm`,
};

/** The text, with widths fitted: multiples of 8 where the budget allows, since those run fastest. */
export function starterText(starter: Starter): string {
  const text = skeleton(starter);
  for (const multipleOf of starter.style === 'group' ? [8] : [8, 4, 1]) {
    const compilation = compile({ resolve: () => '/init.yaml', read: () => text }, 'init.yaml');
    if (!isComplete(compilation)) {
      throw new Error(
        `netlathe bug: the starter does not compile: ${compilation.diagnostics[0]?.message}`,
      );
    }
    const goal = { metric: 'params', target: starter.params, rule: 'atMost' } as const;
    const result = fitWidths(compilation, { goal, multipleOf, vary: 'bandwidth' });
    const best = result.ok && result.value.met ? result.value.solutions[0] : undefined;
    if (best) return rewrite(compilation, text, best.widths, best.bandwidth);
  }
  throw new UsageError(
    `${starter.params.toLocaleString('en-US')} parameters are too few for such a network`,
    'allow more, or take the depthwise style',
  );
}

function skeleton({ name, size, classes, params, style, schema }: Starter): string {
  const pools = Math.min(5, Math.max(1, Math.round(Math.log2(size / 8))));
  const widths = Array.from({ length: pools + 3 }, (_, i) => 16 * Math.min(16, 2 ** i));
  const labels =
    typeof classes === 'number'
      ? String(classes)
      : `[${classes.map((c) => JSON.stringify(c)).join(', ')}]`;
  return `# yaml-language-server: $schema=${schema}
version: 1
name: ${JSON.stringify(name)}
input: { height: ${size}, width: ${size} }   # photos are scaled and cropped to this
classes: ${labels}
constants: { act: hardSwish }     # try relu, relu6, silu, gelu
# How many channels each stage has. \`netlathe fit\` solves them for the budget.
bandwidth: [${widths.join(', ')}]
budget:
  params: { atMost: ${params} }   # \`netlathe compile --check\` proves it
defaults:
  conv2d: { kernel: 3, padding: same }
blocks:
  # ${about[style]}
  unit:
    parameters: [width]
    layers:
${blocks[style]}
layers:
  - { op: conv2d, filters: "bandwidth[0]" }
  - batchNorm
  - act
  - maxPool2d                       # halves height and width
  - for: { width: "bandwidth[1..${pools}]" }
    layers:
      - { block: unit, width: width }
      - maxPool2d
  - { block: unit, for: { width: "bandwidth[${pools + 1}..]" } }
  - globalAvgPool
  - { op: dense, units: classes }
`.replace(poolsWithout(pools), '');
}

/** Small images are not pooled away: the first pool is left out where one would remain too few. */
function poolsWithout(pools: number): string {
  return pools <= 2 ? '  - maxPool2d                       # halves height and width\n' : '\u0000';
}

/** Relative where the package is in reach of the file; else where npm will put it. */
export function schemaPath(file: string, packageRoot: string): string {
  const schema = 'schema/architecture.schema.json';
  const relative = path
    .relative(path.dirname(file), path.join(packageRoot, schema))
    .split(path.sep)
    .join('/');
  const isInside = !path.relative(packageRoot, file).startsWith('..');
  const isInstalled = /^(\.\.\/)*node_modules\/netlathe\//.test(relative);
  if (isInside && !isInstalled) return relative;
  return isInstalled ? relative : `node_modules/netlathe/${schema}`;
}
