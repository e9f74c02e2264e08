/** The list of classes with their bars, and what a screen reader hears of it. */
import type { Prediction } from '../types.ts';
import { percent, shownLabel } from './words.ts';

interface Row {
  readonly item: HTMLLIElement;
  readonly label: HTMLElement;
  readonly score: HTMLElement;
  readonly bar: HTMLElement;
}

/** A name that comes and goes with every frame is not read out; one that stays for so many milliseconds is. */
const steady = 1000;

export class Results {
  readonly #rows: readonly Row[];
  readonly #list: HTMLElement;
  readonly #spoken: HTMLElement;
  #top = '';
  #since = 0;
  #said = '';

  constructor(list: HTMLElement, spoken: HTMLElement, count: number) {
    this.#list = list;
    this.#spoken = spoken;
    this.#rows = Array.from({ length: count }, row);
    list.replaceChildren(...this.#rows.map(({ item }) => item));
  }

  /** `live`: one of many frames, of which only what stays is read out. */
  show(predictions: readonly Prediction[], live: boolean): void {
    this.#list.hidden = false;
    for (const [i, { item, label, score, bar }] of this.#rows.entries()) {
      const prediction = predictions[i];
      item.hidden = !prediction;
      if (!prediction) continue;
      label.textContent = shownLabel(prediction.label);
      score.textContent = percent(prediction.score);
      bar.style.transform = `scaleX(${prediction.score})`;
    }
    const [best] = predictions;
    if (best) this.#speak(best, live);
  }

  clear(): void {
    this.#list.hidden = true;
    this.#spoken.textContent = '';
    this.#top = '';
    this.#said = '';
  }

  #speak({ label, score }: Prediction, live: boolean): void {
    const now = performance.now();
    if (label !== this.#top) {
      this.#top = label;
      this.#since = now;
    }
    if (live && (label === this.#said || now - this.#since < steady)) return;
    this.#said = label;
    this.#spoken.textContent = `${shownLabel(label)}, ${percent(score)}`;
  }
}

function row(): Row {
  const item = document.createElement('li');
  const label = part('label');
  // A label in Arabic or Hebrew runs from the right, whatever the page does.
  label.dir = 'auto';
  const score = part('score');
  const track = part('track');
  const bar = part('bar');
  track.append(bar);
  item.append(label, score, track);
  return { item, label, score, bar };
}

function part(name: string): HTMLElement {
  const span = document.createElement('span');
  span.className = name;
  return span;
}
