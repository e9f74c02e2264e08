/** Numbers on the command line, refused with the option's name. */

import { UsageError } from './io.ts';

export function positiveInteger(name: string, text: string | undefined): number | undefined {
  const value = wholeNumber(name, text);
  if (value === 0) throw new UsageError(`${name} must be at least 1`);
  return value;
}

export function wholeNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value <= 0xffffffff) return value;
  throw new UsageError(`${name} takes a whole number, not "${text}"`);
}

export function numberOption(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value;
  throw new UsageError(`${name} takes a number above 0, not "${text}"`);
}
