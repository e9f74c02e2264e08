/** Colour, where the stream can show it. */

import type { Output } from './io.ts';

type Paint = (text: string) => string;

export interface Style {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
  readonly blue: Paint;
  readonly cyan: Paint;
}

const code = (open: number, close: number): Paint => {
  const [start, end] = [`\u001b[${open}m`, `\u001b[${close}m`];
  return (text) => (text === '' ? '' : start + text + end);
};
const same: Paint = (text) => text;

export const plain: Style = {
  bold: same,
  dim: same,
  red: same,
  green: same,
  yellow: same,
  blue: same,
  cyan: same,
};

export const coloured: Style = {
  bold: code(1, 22),
  dim: code(2, 22),
  red: code(31, 39),
  green: code(32, 39),
  yellow: code(33, 39),
  blue: code(34, 39),
  cyan: code(36, 39),
};

/** `--no-color` and NO_COLOR switch it off, FORCE_COLOR on; otherwise a terminal decides. */
export function styleFor(
  output: Pick<Output, 'isTTY'>,
  env: Readonly<Record<string, string | undefined>>,
  wanted?: boolean,
): Style {
  if (wanted === false || env.NO_COLOR) return plain;
  const forced = env.FORCE_COLOR;
  if (forced !== undefined) return forced === '0' || forced === 'false' ? plain : coloured;
  return output.isTTY && env.TERM !== 'dumb' ? coloured : plain;
}
