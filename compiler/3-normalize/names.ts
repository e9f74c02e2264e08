/** Names of layers: unique in the network, readable as a path (`stage_2.unit_1.conv2d_2`). */

import type { Tensor } from './scope.ts';

export class Names {
  readonly #prefix: string;
  readonly #outer: Names | undefined;
  readonly #counts: Map<string, number>;
  readonly #tensors = new Map<string, Tensor>();
  readonly #taken: Set<string>;

  /** Whether names given here are numbered, because the layers stand in a loop. */
  readonly numbered: boolean;

  constructor(
    prefix = '',
    outer?: Names,
    taken: Set<string> = new Set(),
    counts: Map<string, number> = new Map(),
    numbered = false,
  ) {
    this.#prefix = prefix;
    this.#outer = outer;
    this.#taken = taken;
    this.#counts = counts;
    this.numbered = numbered;
  }

  /** Names in a group without a name: as if its layers stood around it, but seen only inside; a loop numbers them. */
  among(looped: boolean): Names {
    return new Names(this.#prefix, this, this.#taken, this.#counts, looped || this.numbered);
  }

  /** Names inside a part; `transparent` parts (branches, named groups) see what is named around them. */
  inside(segment: string, transparent: boolean): Names {
    return new Names(`${this.#prefix}${segment}.`, transparent ? this : undefined, this.#taken);
  }

  /** `conv2d_3`: the first number that is free. */
  number(word: string): string {
    for (;;) {
      const count = (this.#counts.get(word) ?? 0) + 1;
      this.#counts.set(word, count);
      const segment = `${word}_${count}`;
      if (this.take(segment)) return segment;
    }
  }

  /** Whether the segment was free. */
  take(segment: string): boolean {
    const full = this.full(segment);
    if (this.#taken.has(full)) return false;
    this.#taken.add(full);
    return true;
  }

  full(segment: string): string {
    return `${this.#prefix}${segment}`;
  }

  define(segment: string, tensor: Tensor): void {
    this.#tensors.set(segment, tensor);
  }

  find(segment: string): Tensor | undefined {
    return this.#tensors.get(segment) ?? this.#outer?.find(segment);
  }

  *visible(): Generator<string> {
    yield* this.#tensors.keys();
    if (this.#outer) yield* this.#outer.visible();
  }
}
