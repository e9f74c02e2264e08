/** What a suite leaves for people: its comparison as data, page, figures and Markdown. */
export { type Answer, answersOf } from './answers.ts';
export { compared, readTrials, type TrialFiles } from './collect.ts';
export type { Comparison, Latency, NetworkResult, PairResult } from './comparison.ts';
export { figuresOf, pngOf } from './figures.ts';
export { latencyKey, measureLatency } from './latency.ts';
export { renderMarkdown } from './markdown.ts';
export { renderComparison } from './page/page.ts';
export { type Language, languages, textIn, words } from './words/index.ts';
