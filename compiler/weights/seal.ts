/**
 * A checksum inside a safetensors file, so that a flipped bit anywhere in it is found: in its metadata, SHA-256 of the
 * whole file with zeros in its place. Files of other programs have none and are read without.
 */

import { createHash } from 'node:crypto';
import { WeightsError } from './weights-error.ts';

export const sealKey = 'netlathe.sha256';
export const openSeal = '0'.repeat(64);

/** In a string of the header the quotes would have backslashes: this stands in front of the seal alone. */
const mark = Buffer.from(`"${sealKey}":"`);

/** Puts the checksum into a file that was written with `openSeal`. */
export function seal(file: Uint8Array): void {
  const at = placeOf(file);
  if (at === undefined) throw new Error('netlathe bug: no place for the checksum');
  file.set(Buffer.from(digest(file, at)), at);
}

/** `written` is what the metadata holds. */
export function checkSeal(file: Uint8Array, written: string | undefined): void {
  if (written === undefined) return;
  const at = placeOf(file);
  if (at !== undefined && digest(file, at) === written) return;
  throw new WeightsError('E804', 'the file is damaged: it does not match its own checksum', {
    hint: 'use a copy of it, or an earlier checkpoint',
  });
}

function placeOf(file: Uint8Array): number | undefined {
  const found = Buffer.from(file.buffer, file.byteOffset, file.byteLength).indexOf(mark);
  return found < 0 ? undefined : found + mark.length;
}

function digest(file: Uint8Array, at: number): string {
  return createHash('sha256')
    .update(file.subarray(0, at))
    .update(openSeal)
    .update(file.subarray(at + openSeal.length))
    .digest('hex');
}
