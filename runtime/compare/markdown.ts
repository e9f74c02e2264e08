/** The comparison as a table and its answers, for pages of documentation. */

import * as format from '../report/format.ts';
import { answersOf, pairBetween, paramsOf, signed } from './answers.ts';
import type { Comparison, NetworkResult } from './comparison.ts';
import { milliseconds } from './page/cost.ts';
import { plus } from './page/differences.ts';
import { type Language, textIn, words } from './words/index.ts';

export function renderMarkdown(comparison: Comparison, language: Language): string {
  const w = words[language];
  const { networks } = comparison;
  const reference = networks.find((n) => n.accuracy && n.role === 'rival');
  const rows = networks.map((n) => row(n, comparison, reference, language));
  const heads = [
    w.cost.network,
    w.cost.params,
    w.heads.accuracy,
    '95%',
    reference ? `− ${reference.tag}` : '',
    w.cost.macs,
    'int8',
    w.cost.milliseconds,
  ];
  const table = [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  const speaker = { language, words: w, name: (text: string) => text };
  const answers = answersOf(comparison, speaker).map(
    ({ question, sentences }) => `**${escaped(question)}** ${sentences.map(escaped).join(' ')}`,
  );
  return `${[table.join('\n'), ...answers].join('\n\n').trimEnd()}\n`;
}

function row(
  network: NetworkResult,
  comparison: Comparison,
  reference: NetworkResult | undefined,
  language: Language,
): readonly string[] {
  const { accuracy, trials, macs, weightBytes, latency, tag } = network;
  const pair = reference && pairBetween(comparison, network.id, reference.id);
  const interval = accuracy?.interval
    ? words[language].accuracy.between(
        format.percent(accuracy.interval.low),
        format.percent(accuracy.interval.high),
      )
    : '–';
  const range = pair?.seeds.interval
    ? ` (${signed(pair.seeds.interval.low)} … ${signed(pair.seeds.interval.high)})`
    : '';
  const trained = trials.some(({ status }) => status === 'finished');
  const none = trained ? words[language].accuracy.noFigure : words[language].accuracy.notRun;
  return [
    `${tag} ${escaped(textIn(network.label, language))}`,
    format.integer(paramsOf(network)),
    accuracy ? `${format.percent(accuracy.mean)} (n = ${accuracy.n})` : none,
    interval,
    pair ? `${plus(pair.seeds.difference)}${range}` : '',
    format.magnitude(macs),
    format.bytes(weightBytes.int8),
    milliseconds(latency?.median),
  ];
}

/** What Markdown and tables would read as marks. */
const escaped = (text: string): string =>
  text.replace(/[\\`*_{}[\]<>|#]/g, (c) => `\\${c}`).replace(/[\r\n]+/g, ' ');
