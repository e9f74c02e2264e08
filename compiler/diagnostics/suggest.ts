/** Did-you-mean: the known words nearest to what the user wrote. */

/** Optimal string alignment distance; a change of case costs half an edit. */
export function editDistance(from: string, to: string): number {
  let twoAbove: number[] = [];
  let above = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const a = from[i - 1] as string;
      const b = to[j - 1] as string;
      const swap = a === b ? 0 : a.toLowerCase() === b.toLowerCase() ? 0.5 : 1;
      let best = Math.min(
        (above[j] as number) + 1,
        (row[j - 1] as number) + 1,
        (above[j - 1] as number) + swap,
      );
      if (i > 1 && j > 1 && a === to[j - 2] && b === from[i - 2]) {
        best = Math.min(best, (twoAbove[j - 2] as number) + 1);
      }
      row.push(best);
    }
    twoAbove = above;
    above = row;
  }
  return above[to.length] as number;
}

export function nearest(word: string, known: Iterable<string>, most = 3): readonly string[] {
  // Longer than any word of the language: comparing would only cost time.
  if (word.length > 64) return [];
  const limit = Math.floor(word.length * 0.4) + 1;
  const near = [...known]
    .map((candidate) => ({ candidate, distance: rank(word, candidate) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1));
  // Written in another style it is the same word: no others are worth a thought.
  return near.slice(0, near[0]?.distance === sameWord ? 1 : most).map(({ candidate }) => candidate);
}

const sameWord = 0.1;

/** Users bring names from other tools (`kernel_size`, `Conv2d`): a shared beginning counts as near. */
function rank(word: string, candidate: string): number {
  const plain = word.replace(/[-_\s]/g, '').toLowerCase();
  const target = candidate.toLowerCase();
  if (plain === target) return sameWord;
  if (plain.length >= 3 && (plain.startsWith(target) || target.startsWith(plain))) return 1;
  return editDistance(word, candidate);
}

export function didYouMean(word: string, known: Iterable<string>): string | undefined {
  const names = nearest(word, known);
  if (names.length === 0) return undefined;
  return `did you mean ${orList(names.map((n) => `"${n}"`))}?`;
}

export function orList(items: readonly (string | number)[]): string {
  if (items.length <= 1) return items.join('');
  return `${items.slice(0, -1).join(', ')} or ${items.at(-1)}`;
}
