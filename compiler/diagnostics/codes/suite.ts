/** E9xx: suites, networks that are trained alike and compared. */
import { fault } from '../diagnostic.ts';

export const unknownNetwork = fault<{ name: string; where: string }>('E901', {
  title: 'the suite has no such network',
  message: ({ name, where }) => `${where} names "${name}", which is none of the suite's networks`,
  explanation: `Questions, \`ablate\` and \`--only\` name networks as they are called under \`networks:\`; an entry with \`variants:\` gives
one network a variant, called \`name-variant\`. What \`ablate\` makes is called \`name--key-value\`.`,
});

export const noBudgetToFit = fault('E902', {
  title: 'nothing to fit to',
  message: () => '`fit` needs a budget for params or macs',
  explanation: `\`fit: true\` solves the widths of a network for the suite's budget, so there must be one:

    budget: { params: { atMost: 256779 } }`,
});

export const cannotReachBudget = fault<{ network: string; goal: string; nearest: string }>('E903', {
  title: 'the widths cannot be fitted',
  message: ({ network, goal, nearest }) =>
    `no widths of "${network}" give ${goal}; the nearest give ${nearest}`,
  explanation: `Group counts and divisions let widths move in steps only. \`within\` and \`atMost\` in the suite's budget leave room for
that; \`netlathe fit FILE --params N --top 10\` shows what there is.`,
});

export const overCommonBudget = fault<{
  network: string;
  metric: string;
  actual: string;
  rule: string;
}>('E904', {
  title: 'a network breaks the common budget',
  message: ({ network, metric, actual, rule }) =>
    `"${network}" has ${metric} ${actual}; the suite allows ${rule}`,
  explanation: `A comparison is fair at equal cost. Let the tool solve the widths with \`fit: true\`, or say that the network is held to
something else, which the page then tells:

    improved: { arch: student-improved, budget: { params: { exactly: 283179 } } }`,
});

export const teacherTrouble = fault<{ text: string }>('E905', {
  title: 'the teacher cannot teach',
  message: ({ text }) => text,
  explanation: `\`distill.teacher\` may be a network of the suite. It is then trained first. It needs the seeds of its students, or a
single one that teaches all of them, and nobody may be a teacher of its own teacher.`,
});

export const repeatedTrial = fault<{ name: string }>('E906', {
  title: 'two networks have the same name',
  message: ({ name }) => `there are two networks called "${name}"`,
  explanation: `Variants are called \`name-variant\`, ablations \`name--key-value\`: one of these is also the name of another network, or
\`ablate\` has the same value twice. Rename or remove one.`,
});

export const noVariants = fault<{ file: string }>('E907', {
  title: 'the architecture has no variants',
  message: ({ file }) => `${file} has no variants`,
  explanation: `\`variants: all\` stands for those that the architecture lists under its own \`variants:\`. Without it the architecture
is taken as it is.`,
});

export const sweepTrouble = fault<{ text: string }>('E908', {
  title: 'the search cannot be made',
  message: ({ text }) => text,
  explanation: `\`sweep.search\` gives keys, with dots, and the values that each may take. Keys of the recipe begin with \`train\`;
all others must stand in the architecture already. A value is a list, or one of \`choice\`, \`uniform\`, \`logUniform\` and
\`integer\`, from low to high; a grid needs \`points\` of a range:

    sweep:
      search:
        train.optimizer.learningRate: { logUniform: [0.0005, 0.02] }
        train.labelSmoothing: [0, 0.1]
        bandwidth.base: { integer: [8, 16], step: 4 }`,
});

export const nothingWithinBudget = fault<{ tried: number; last: string }>('E909', {
  title: 'no combination can be trained',
  message: ({ tried, last }) =>
    `of ${tried} combinations none compiles within the budget; the last: ${last}`,
  explanation: `Combinations that break the budget or do not compile are left out, and others drawn in their place. Here none was left.
Move the ranges of the architecture's keys, raise the budget, or let \`fit: true\` solve the widths.`,
});

export const notASuite = fault<{ file: string }>('E910', {
  title: 'an architecture in place of a suite',
  message: ({ file }) => `${file} is an architecture; what is compared or searched is a suite`,
  explanation: `A suite names networks under \`networks:\`, and how they are trained. For one architecture alone there is

    netlathe train --arch FILE --data photos/
    netlathe compare --arch FILE --data photos/ --seeds 0,1,2 --ablate labelSmoothing=0`,
});

export const cannotVary = fault<{ text: string }>('E911', {
  title: 'the key cannot be varied',
  message: ({ text }) => text,
  explanation: `\`ablate\` asks what a setting of the recipe is worth. Another seed is the same training once more, which says how
much luck there is: \`seeds\` trains every network with several, and the page takes them as such.`,
});

export const ownRecipe = fault<{ file: string }>('W901', {
  title: 'a recipe that is not used',
  message: ({ file }) => `${file} has a recipe of its own, which is not used: the suite's is`,
  explanation: `Networks are compared under one recipe, so \`train:\` of an architecture does not count here. Put what this network needs
into \`train:\` of its entry in the suite, where the page shows it as a difference.`,
});

export const changesNothing = fault<{ key: string; value: string }>('W902', {
  title: 'an ablation that changes nothing',
  message: ({ key, value }) =>
    `${key} is ${value} already: this would train the same network again`,
  explanation: `The value is that of the recipe, written there or by default, so no trial is made of it.`,
});
