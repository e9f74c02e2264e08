/** One line that is written over on a terminal, and nothing at all elsewhere. */

import type { Output } from './io.ts';

/** Between two drawings, in milliseconds: quick enough to look alive. */
const interval = 100;

export class ProgressLine {
  readonly #output: Output;
  readonly #shown: boolean;
  #drawn = 0;
  #visible = false;

  constructor(output: Output, quiet: boolean) {
    this.#output = output;
    this.#shown = output.isTTY && !quiet;
  }

  show(text: () => string): void {
    if (!this.#shown || performance.now() - this.#drawn < interval) return;
    this.#drawn = performance.now();
    this.#visible = true;
    const line = text();
    const room = this.#output.columns - 1;
    this.#output.write(`\r\u001b[2K${line.length > room ? line.slice(0, room) : line}`);
  }

  /** Before anything else is written to the stream. */
  clear(): void {
    if (!this.#visible) return;
    this.#visible = false;
    this.#output.write('\r\u001b[2K');
  }
}

/** `1:02:03`, `4:05`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n: number) => String(n).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

export function bar(share: number, width: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, share)) * width * 8);
  const full = '█'.repeat(Math.floor(eighths / 8));
  const part = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'][eighths % 8] as string;
  return (full + part).padEnd(width, '·');
}
