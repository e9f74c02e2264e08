/** E6xx: the network is sound, but costs more (or other) than the file allows. */
import { fault } from '../diagnostic.ts';

export const overBudget = fault<{
  metric: string;
  actual: string;
  rule: string;
  difference: string;
}>('E601', {
  title: 'a limit is not kept',
  message: ({ metric, actual, rule, difference }) =>
    `${metric} is ${actual}, but the budget says ${rule} (${difference})`,
  explanation: `\`budget:\` states what the network may cost: \`exactly\`, \`atMost\` or \`within\` some percent of a target, for params,
macs, activationBytes and weightBytes. The lines that cost most are listed; \`netlathe fit FILE --params N\` finds widths.`,
});

export const noBudget = fault<{ what: string }>('E602', {
  title: 'nothing to check against',
  message: ({ what }) => `the file states no budget for ${what}, so there is nothing to check`,
  explanation: `A check that checks nothing would pass for the wrong reason. State a limit in the file:

    budget:
      params: { atMost: 256779 }`,
});
