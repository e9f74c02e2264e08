/** Offsets of a text as lines and columns, both from 1. */

import type { Place, Position } from '../diagnostics/diagnostic.ts';

export class Lines {
  readonly file: string;
  readonly #length: number;
  readonly #starts: number[] = [0];

  constructor(file: string, text: string) {
    this.file = file;
    this.#length = text.length;
    for (let i = text.indexOf('\n'); i !== -1; i = text.indexOf('\n', i + 1))
      this.#starts.push(i + 1);
  }

  position(offset: number): Position {
    const at = Math.max(0, Math.min(offset, this.#length));
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] as number) <= at) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, col: at - (this.#starts[low] as number) + 1, offset: at };
  }

  place(start: number, end: number): Place {
    return {
      file: this.file,
      range: { start: this.position(start), end: this.position(Math.max(start, end)) },
    };
  }
}
