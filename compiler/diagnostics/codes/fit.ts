/** E61x: `netlathe fit` finds no widths. */
import { fault } from '../diagnostic.ts';

export const noTarget = fault('E610', {
  title: 'no target to fit to',
  message: () => 'the file states no budget for params or macs, and no target was given',
  explanation: `\`netlathe fit\` needs a number: the budget of the file, or \`--params N\` or \`--macs N\`.`,
});

export const nothingToVary = fault<{ problem: string }>('E611', {
  title: 'no widths to vary',
  message: ({ problem }) => problem,
  explanation: `\`netlathe fit\` changes entries of \`bandwidth\`, or its \`base\`. Widths that stand in the layers as plain numbers are
left alone: name them in \`bandwidth\` and refer to them.

    bandwidth: [16, 32, 64]
    layers:
      - { op: conv2d, kernel: 3, filters: "bandwidth[0]" }`,
});

export const cannotFit = fault<{ goal: string; problem: string }>('E612', {
  title: 'no widths fit',
  message: ({ goal, problem }) => `no widths give ${goal}: ${problem}`,
  explanation: `Widths between a quarter and four times the given ratios were tried, in the steps that group counts, divisions and
\`--multiple-of\` allow. Vary more of the entries, use a smaller multiple, or change the layers.`,
});

export const targetMissed = fault<{ goal: string; nearest: string }>('E613', {
  title: 'the target is not met',
  message: ({ goal, nearest }) => `no widths give ${goal}; the nearest give ${nearest}`,
  explanation: `Group counts, divisions and \`--multiple-of\` let widths move in steps only, and so do the costs. A smaller multiple
or more entries to vary make the steps finer; \`--nearest\` and \`--at-most\` take the nearest.`,
});
