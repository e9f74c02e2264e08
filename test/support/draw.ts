/** Choices made from a list of numbers, so that fast-check can shrink them: 0 is always the plainest choice. */
export class Draw {
  readonly #numbers: readonly number[];
  #next = 0;

  /** When the numbers run out, every choice is the plainest. */
  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }

  below(n: number): number {
    return (this.#numbers[this.#next++] ?? 0) % n;
  }

  between(min: number, max: number): number {
    return min + this.below(max - min + 1);
  }

  pick<const T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }

  /** True once in `n` times. */
  once(n: number): boolean {
    return this.below(n) === n - 1;
  }
}
