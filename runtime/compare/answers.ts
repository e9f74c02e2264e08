/** Questions answered from the figures, in sentences that say no more than the figures do. */

import * as format from '../report/format.ts';
import type { Comparison, NetworkResult, PairResult } from './comparison.ts';
import { type Language, textIn, type Words } from './words/index.ts';

export interface Answer {
  readonly question: string;
  readonly sentences: readonly string[];
}

export interface Speaker {
  readonly language: Language;
  readonly words: Words;
  /** A name, kept apart from the text around it as the medium allows. */
  readonly name: (text: string) => string;
}

export function answersOf(comparison: Comparison, speaker: Speaker): readonly Answer[] {
  const { networks, questions } = comparison;
  return questions.map(({ ask, of }) => {
    const asked = of.flatMap((id) => networks.filter((n) => n.id === id));
    const sentences =
      asked.length === 2 ? ofTwo(comparison, asked, speaker) : ofMany(comparison, asked, speaker);
    return { question: textIn(ask, speaker.language), sentences };
  });
}

/** Not ranked: nothing is finished, or nothing was held out. */
function obstacles(asked: readonly NetworkResult[], speaker: Speaker): readonly string[] {
  const { words } = speaker;
  return asked.flatMap((n) => {
    if (n.accuracy) return [];
    const trained = n.trials.some(({ status }) => status === 'finished');
    const said = trained ? words.answers.notHeldOut : words.answers.notTrained;
    return [said(label(n, speaker))];
  });
}

function ofTwo(
  comparison: Comparison,
  asked: readonly NetworkResult[],
  speaker: Speaker,
): readonly string[] {
  const [first, second] = asked as [NetworkResult, NetworkResult];
  const hindered = obstacles(asked, speaker);
  const sizes = sizesOf(first, second, speaker);
  if (hindered.length > 0) return [...hindered, ...sizes];
  const pair = pairBetween(comparison, first.id, second.id);
  return pair ? [...pairSentences(pair, comparison, speaker), ...sizes] : sizes;
}

function ofMany(
  comparison: Comparison,
  asked: readonly NetworkResult[],
  speaker: Speaker,
): readonly string[] {
  const hindered = obstacles(asked, speaker);
  const ranked = asked.filter(({ accuracy }) => accuracy).sort((a, b) => meanOf(b) - meanOf(a));
  const [best, ...rest] = ranked;
  if (!best || rest.length === 0) return hindered;
  const { words } = speaker;
  const leads = words.answers.highest(
    label(best, speaker),
    format.percent(meanOf(best)),
    best.accuracy?.n ?? 0,
  );
  const against = rest.flatMap((other) => {
    const pair = pairBetween(comparison, best.id, other.id);
    if (!pair) return [];
    const [main = ''] = pairSentences(pair, comparison, speaker);
    return [main, ...sizesOf(best, other, speaker)];
  });
  const many = rest.length > 1 ? [words.answers.several(rest.length)] : [];
  return [leads, ...against, ...hindered, ...many];
}

export const meanOf = (n: NetworkResult): number => n.accuracy?.mean ?? Number.NEGATIVE_INFINITY;

export const label = (n: NetworkResult, { language, name }: Speaker): string =>
  name(textIn(n.label, language));

/** The pair as it was measured, turned so that `first` is the first. */
export function pairBetween(
  { pairs }: Comparison,
  first: string,
  second: string,
): PairResult | undefined {
  const as = pairs.find((p) => p.first === first && p.second === second);
  if (as) return as;
  const turned = pairs.find((p) => p.first === second && p.second === first);
  return turned && turn(turned);
}

function turn({ first, second, seeds, standing, photos }: PairResult): PairResult {
  const flip = <T extends { readonly low: number; readonly high: number } | null>(i: T) =>
    i && { low: -i.high, high: -i.low };
  const other = { ahead: 'behind', behind: 'ahead', within: 'within', unknown: 'unknown' } as const;
  return {
    first: second,
    second: first,
    seeds: {
      ...seeds,
      means: [seeds.means[1], seeds.means[0]],
      difference: -seeds.difference,
      interval: flip(seeds.interval),
    },
    standing: other[standing],
    photos: photos && {
      ...photos,
      interval: flip(photos.interval),
      mcNemar: photos.mcNemar && {
        ...photos.mcNemar,
        first: photos.mcNemar.second,
        second: photos.mcNemar.first,
      },
    },
  };
}

/** The first sentence says it all; what follows says how far it carries. */
function pairSentences(
  given: PairResult,
  comparison: Comparison,
  speaker: Speaker,
): readonly string[] {
  const pair = given.seeds.difference < 0 ? turn(given) : given;
  const { words } = speaker;
  const [winner, loser] = [pair.first, pair.second].map((id) =>
    comparison.networks.find((n) => n.id === id),
  ) as [NetworkResult, NetworkResult];
  const { difference, interval, n, paired, means } = pair.seeds;
  const facts = {
    winner: label(winner, speaker),
    loser: label(loser, speaker),
    points: points(difference),
    high: format.percent(means[0]),
    low: format.percent(means[1]),
  };
  if (pair.standing === 'unknown' || !interval) {
    return [words.answers.oneSeed(facts), ...mcNemarSentence(pair, facts, words)];
  }
  if (difference === 0 && interval.low === 0 && interval.high === 0) {
    return [words.answers.equal(facts.winner, facts.loser, facts.high)];
  }
  const range = { from: signed(interval.low), to: signed(interval.high), n, paired };
  if (pair.standing === 'within') return [words.answers.within({ ...facts, ...range })];
  return [words.answers.beats({ ...facts, ...range }), ...photoSentence(pair, words)];
}

function photoSentence({ photos }: PairResult, words: Words): readonly string[] {
  if (!photos?.interval) return [];
  const { low, high } = photos.interval;
  const said = low > 0 ? words.answers.photosToo : words.answers.photosOpen;
  return [said(format.integer(photos.count), signed(low), signed(high))];
}

function mcNemarSentence(
  { photos }: PairResult,
  { winner, loser }: { readonly winner: string; readonly loser: string },
  words: Words,
): readonly string[] {
  if (!photos?.mcNemar) return [];
  const { first, second, p } = photos.mcNemar;
  return [
    words.answers.mcNemar({
      photos: format.integer(photos.count),
      first: format.integer(first),
      second: format.integer(second),
      a: winner,
      b: loser,
      p: p < 0.001 ? '< 0.001' : `= ${p.toPrecision(2)}`,
      sure: p < 0.05,
    }),
  ];
}

/** Less than this is no matter. */
const negligible = 0.01;

function sizesOf(a: NetworkResult, b: NetworkResult, speaker: Speaker): readonly string[] {
  const [larger, smaller] = paramsOf(a) >= paramsOf(b) ? [a, b] : [b, a];
  const more = paramsOf(larger) / paramsOf(smaller) - 1;
  if (more <= negligible) return [];
  return [
    speaker.words.answers.unequal(
      label(larger, speaker),
      label(smaller, speaker),
      format.integer(paramsOf(larger)),
      format.percent(more),
    ),
  ];
}

/** As trained, where it was. */
export const paramsOf = ({ params }: NetworkResult): number => params.trained ?? params.file;

/** `2.8`, of a difference of shares. */
export const points = (difference: number): string => Math.abs(100 * difference).toFixed(1);

/** `−1.2`, with a real minus. */
export function signed(difference: number): string {
  const rounded = points(difference);
  // On which side of zero an interval ends is the point of it.
  const text = rounded === '0.0' ? Math.abs(100 * difference).toFixed(2) : rounded;
  if (text === '0.00') return '0.0';
  return difference < 0 ? `−${text}` : text;
}
