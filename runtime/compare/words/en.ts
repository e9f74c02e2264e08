/** The page in English. */

import type { Words } from './words.ts';

const plural = (n: number, one: string, many = `${one}s`) => `${n} ${n === 1 ? one : many}`;

const and = (items: readonly string[]): string =>
  items.length <= 1 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;

const seedsEach = ({ least, most }: { readonly least: number; readonly most: number }) =>
  least === most ? plural(most, 'seed') : `${least} to ${most} seeds`;

const seedNoise = (n: number, paired: boolean) =>
  paired ? `paired over ${n} seeds` : `${n} seeds each, not paired`;

export const en: Words = {
  lang: 'en',
  and,
  over: {
    comparison: 'Comparison',
    trials: (done, all) =>
      done === all ? plural(all, 'trial') : `${done} of ${plural(all, 'trial')}`,
  },
  lead: ({ networks, seeds, epochs, train, validation, classes, time }) =>
    `${plural(networks, 'network')}, ${seedsEach(seeds)} each, ${epochs} on ${train} photos of ${plural(classes, 'class', 'classes')}${validation === null ? '' : `, judged on ${validation} others`}. Training took ${time} in all.`,
  contents: 'Contents',
  footer: (version) =>
    `Made by netlathe ${version}. The figures are in comparison.json beside this page.`,
  heads: {
    answers: 'Answers',
    accuracy: 'Accuracy',
    differences: 'Each against each',
    curves: 'Training',
    cost: 'Accuracy against cost',
    speed: 'How fast they learn',
    confusion: 'What they confuse',
    ablation: 'What each setting is worth',
    networks: 'The networks',
    recipe: 'The common recipe',
    trials: 'All trials',
    method: 'How it was measured',
  },
  notices: {
    unfinished: (done, all, lacking) => [
      `${done} of ${all} trials are finished.`,
      `Every figure is of those alone; what is lacking: ${lacking}. netlathe compare with --resume goes on.`,
    ],
    failed: (names) => ['Trials have failed.', `They count for nothing but are shown: ${names}.`],
    oneSeed: () => [
      'One seed each.',
      'How much training by itself varies was not measured, so no difference can be called real.',
    ],
    unequal: ({ smallest, largest, low, high, percent }) => [
      'The sizes are not equal.',
      `From ${low} (${smallest}) to ${high} parameters (${largest}), ${percent} more. Where sizes differ, part of a difference in accuracy may be due to that.`,
    ],
    broken: (names) => ['The budget is broken.', `Over or under their limits: ${names}.`],
    chosen: () => [
      'Validation chose the epoch.',
      'The weights that were kept are those of the best epoch on these validation photos, so all figures are a little too high; those of the last epoch are given beside them.',
    ],
    notHeldOut: (names) => [
      'Without a held-out figure:',
      `${names}. The validation photos trained it too, so nothing says how it does on photos it has not seen.`,
    ],
    otherPhotos: () => [
      'Not all were trained on the same photos.',
      'Their accuracies are not quite comparable; differences between them are not paired.',
    ],
    fewSeeds: (n, factor) =>
      `With ${n} seeds the interval is ${factor} standard errors wide to either side: small differences cannot be told from noise.`,
  },
  answers: {
    intro:
      'Written from the figures below, and saying no more than they do. A difference counts when its 95% interval over the seeds leaves out zero.',
    none: 'The suite asks no questions.',
    notTrained: (name) => `${name} has no finished trial yet, so this cannot be answered.`,
    notHeldOut: (name) =>
      `${name} has no held-out figure: the validation photos trained it too. Whether it is better cannot be said from these runs.`,
    beats: ({ winner, loser, points, high, low, from, to, n, paired }) =>
      `${winner} beats ${loser} by ${points} points (${high} against ${low}; 95% interval ${from} to ${to}, ${seedNoise(n, paired)}): outside the noise of the seeds.`,
    within: ({ winner, loser, points, high, low, from, to, n, paired }) =>
      `${winner} is ${points} points above ${loser} (${high} against ${low}), but that is within the noise of the seeds: 95% interval ${from} to ${to}, ${seedNoise(n, paired)}. These runs do not tell them apart.`,
    equal: (a, b, figure) => `${a} and ${b} come to the same, ${figure}.`,
    oneSeed: ({ winner, loser, points, high, low }) =>
      `${winner} is ${points} points above ${loser} (${high} against ${low}), with one run each: how much of that is chance in training, more seeds would have to show.`,
    mcNemar: ({ photos, first, second, a, b, p, sure }) =>
      `Of the ${photos} photos, ${a} alone got ${first} right and ${b} alone ${second} (exact McNemar p ${p}): ${sure ? 'for these two runs, more than the choice of photos explains' : 'the choice of photos alone could explain that'}.`,
    photosToo: (photos, from, to) =>
      `It holds for other photos too, as far as ${photos} can tell: by their choice alone the interval is ${from} to ${to}.`,
    photosOpen: (photos, from, to) =>
      `Other photos might say otherwise: by the choice of these ${photos} alone the interval is ${from} to ${to}.`,
    highest: (name, figure, n) =>
      `The highest mean is that of ${name}: ${figure} over ${plural(n, 'seed')}.`,
    unequal: (larger, smaller, params, percent) =>
      `They are not of equal size: ${larger} has ${params} parameters, ${percent} more than ${smaller}.`,
    several: (pairs) =>
      `These are ${pairs} comparisons at 95% each; among 20 with nothing behind them, about one would stand out by chance.`,
  },
  accuracy: {
    intro: (n) =>
      `Validation accuracy of the weights that were kept. The mark is the mean of ${n}, the bar its 95% interval (Student's t), the rings are single runs; below each name, its parameters.`,
    noFigure: 'no held-out figure',
    notRun: 'not trained',
    teacher: 'teacher',
    scale: (low, high) => `The scale goes from ${low} to ${high}.`,
    described: (name, mean, interval, n) =>
      `${name}: ${mean}${interval === null ? '' : `, 95% interval ${interval}`}, ${plural(n, 'run')}`,
    last: (figure) => `last epoch ${figure}`,
    runs: (n) => `n = ${n}`,
    between: (low, high) => `${low} to ${high}`,
  },
  differences: {
    intro:
      'The row less the column, in points, with the 95% interval over the seeds (paired where seed and photos are the same).',
    caption: 'Differences in accuracy, row less column',
    corner: 'row − column',
    legend: ['ahead', 'behind', 'within the noise', 'one seed: not known'],
  },
  curves: {
    intro: (n) => `Lines are means over ${n}, bands reach from the lowest to the highest of them.`,
    taught:
      'The training loss of a taught network is for the most part its distance from the teacher, and not on the scale of the others.',
    validTop1: 'Validation accuracy',
    validLoss: 'Validation loss',
    trainTop1: 'Training accuracy',
    trainLoss: 'Training loss',
    small: 'One by one',
    smallIntro: 'Accuracy, all on the same scale; the other networks are in grey.',
    training: 'training',
    validation: 'validation',
    described: (what, epochs, ends) =>
      `${what} over ${plural(epochs, 'epoch')}; at the end ${ends}`,
    none: 'No epoch has been finished yet.',
  },
  cost: {
    intro:
      'Up and to the left is better. The line joins those that no other network beats in both; bars are 95% intervals over the seeds.',
    params: 'Parameters',
    macs: 'Multiply-adds a photo',
    bytes: 'Bytes of the weights as int8',
    latency: 'Milliseconds a photo',
    latencyHow: (runs, cpu) =>
      `Time: netlathe's own engine, batch of one, one thread, strict numerics, image to logits; median of ${runs} runs in turns with the other networks, on ${cpu}.`,
    noLatency: 'Time was not measured.',
    front: (names) => `On the line: ${names}.`,
    same: (percent) => `All within ${percent} of each other.`,
    described: (what, points) => `Accuracy against ${what.toLowerCase()}: ${points}`,
    caption: 'What each network costs',
    activations: 'Peak activations',
    network: 'Network',
    milliseconds: 'ms a photo',
    fileTotal: (params, classes) => `${params} with the ${classes} classes of the file`,
  },
  speed: {
    intro:
      'Epochs until validation first reached an accuracy: the mean over the runs that did, and the time that took.',
    caption: 'Epochs to reach an accuracy',
    epochsTo: (target) => `to ${target}`,
    reached: (n, of) => `${n} of ${of} runs`,
    never: 'never',
    none: 'Nothing was validated.',
  },
  confusion: {
    intro: (best) =>
      `Rows are true classes, columns predictions, in percent of the class's photos, all seeds together. First ${best}, which has the highest accuracy; then what the others do differently, in points.`,
    of: (name) => name,
    minus: (name, best) => `${name} less ${best}`,
    caption: 'Share of each true class (rows) by prediction (columns), in percent',
    differenceCaption: 'Difference in points, by true class (rows) and prediction (columns)',
    corner: 'true ↓ \u00a0 predicted →',
    right: 'right',
    wrong: 'wrong',
    better: 'better',
    worse: 'worse',
    all: 'The matrices themselves',
  },
  ablation: {
    intro: (name, figure) =>
      `${name} with one setting of the recipe changed at a time, all else as it is${figure === null ? '' : ` (there: ${figure})`}.`,
    caption: 'One setting changed at a time',
    change: 'Changed',
    accuracy: 'Accuracy',
    difference: 'Difference',
    verdict: 'Verdict',
    standing: {
      ahead: 'better',
      behind: 'worse',
      within: 'within the noise',
      unknown: 'one seed: not known',
    },
    notRun: 'not trained',
  },
  networks: {
    intro: 'As they were trained: widths, counts, and the verdict of the check on each limit.',
    widths: 'Widths',
    fitted: (before) => `solved for the budget; before: ${before}`,
    params: 'Parameters of the file',
    ofClasses: (n) => `${n} classes`,
    trained: 'As trained',
    limit: 'Limit',
    limitOn: (metric) => `Limit on ${metric}`,
    ownLimit: 'not held to the common budget',
    kept: '✓ kept',
    broken: (difference) => `✗ broken, ${difference}`,
    rules: {
      exactly: (n) => `exactly ${n}`,
      atMost: (n) => `at most ${n}`,
      within: (low, high) => `${low} to ${high}`,
    },
    noLimit: 'no limit',
    teacherOf: 'Learns from',
    changes: 'Its own settings',
    source: (file) => `The architecture, from ${file}`,
    metrics: {
      params: 'parameters',
      macs: 'multiply-adds',
      activationBytes: 'activation bytes',
      'weightBytes.fp32': 'bytes as fp32',
      'weightBytes.fp16': 'bytes as fp16',
      'weightBytes.int8': 'bytes as int8',
    },
  },
  recipe: {
    intro:
      'What all networks share, by the names of the YAML. What differs from the default is marked.',
    byDefault: 'default',
  },
  trials: {
    intro: 'Every run of the suite, the failed and the missing too.',
    caption: 'All trials',
    columns: [
      'Network',
      'Seed',
      'Status',
      'Accuracy',
      'Best epoch',
      'Last epoch',
      'Epochs',
      'Time',
    ],
    status: { finished: 'finished', failed: 'failed', cutOff: 'cut off', missing: 'not begun' },
  },
  method: {
    paragraphs: ({ numerics, engine, cpu, node, version }) => [
      `All networks were trained by netlathe ${version} (${engine} engine, ${numerics} numerics) under Node ${node} on ${cpu}. With strict numerics the same suite gives the same weights on every machine.`,
      "Intervals over seeds are Student's t at 95%. Two networks are compared by the differences of runs with the same seed and the same photos (paired t); where runs do not pair, by Welch's test. A difference is called within the noise when that interval includes zero.",
      'Intervals over seeds say how much training varies, on these validation photos. How much the choice of photos adds is said apart: from the differences photo by photo, by the normal approximation over several seeds, by the exact McNemar test for a single pair of runs.',
      'Differences are not corrected for how many there are.',
    ],
  },
};
