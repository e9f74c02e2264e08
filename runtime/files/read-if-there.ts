/** Text of a file, or `undefined` where there is none. */

import { readFile } from 'node:fs/promises';
import { systemCode } from '../runtime-error.ts';

export async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}
