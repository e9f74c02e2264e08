/** Which layers a recipe leaves as they are: `*` in a pattern stands for any text. */

import { didYouMean } from '../../compiler/diagnostics/suggest.ts';
import type { Graph } from '../../compiler/graph/graph.ts';
import { TrainError } from './train-error.ts';

/** Whether a layer's weights stay as they are. */
export function freezer(patterns: readonly string[]): (layer: string) => boolean {
  const tests = patterns.map((pattern) => {
    const parts = pattern.split('*');
    return (layer: string) => matches(layer, parts);
  });
  return (layer) => tests.some((test) => test(layer));
}

/** Without a regular expression, so that no pattern is slow. */
function matches(text: string, parts: readonly string[]): boolean {
  const [first = '', ...rest] = parts;
  if (!text.startsWith(first)) return false;
  if (rest.length === 0) return text.length === first.length;
  let at = first.length;
  for (const part of rest.slice(0, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  const last = rest.at(-1) as string;
  return text.length - at >= last.length && text.endsWith(last);
}

/** Refuses patterns that freeze nothing, which are typing errors, and those that leave nothing to train. */
export function checkFreeze({ nodes }: Graph, patterns: readonly string[]): void {
  const names = nodes.filter(({ weights }) => weights.length > 0).map(({ name }) => name);
  for (const pattern of patterns) {
    if (names.some(freezer([pattern]))) continue;
    throw new TrainError({
      code: 'E550',
      message: `train.freeze: ${JSON.stringify(pattern)} names no layer with weights`,
      hint: didYouMean(pattern, names) ?? 'netlathe compile lists the layers',
    });
  }
  if (names.length === 0 || !names.every(freezer(patterns))) return;
  throw new TrainError({
    code: 'E550',
    message: `train.freeze: ${patterns.map((p) => JSON.stringify(p)).join(', ')} leaves nothing to train`,
    hint: 'leave out the last layer at least',
  });
}
