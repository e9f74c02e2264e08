/**
 * Paths made of names that someone else chose, such as that of a network: one folder or file below a root that the user
 * gave, and never anything else.
 */

import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { systemCode } from '../runtime-error.ts';
import { WriteError } from './write-error.ts';

/** What Windows keeps for devices, whatever the ending. */
const reserved = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)/i;

/** A name as one part of a path: any other character could mean something to a file system. */
export function fileNameOf(name: string, fallback = 'network'): string {
  const plain = name
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[.-]+/, '')
    .slice(0, 80)
    .replace(/[.-]+$/, '');
  if (plain === '') return fallback;
  return reserved.test(plain) ? `_${plain}` : plain;
}

/** Refuses a folder inside `root` that is a link out of it, so that what is written stays where the user said. */
export async function assertInside(root: string, folder: string): Promise<void> {
  const [base, real] = await Promise.all([resolved(root), resolved(folder)]);
  if (base === undefined || real === undefined) return;
  if (real === base || real.startsWith(base.endsWith(path.sep) ? base : base + path.sep)) return;
  throw new WriteError({
    code: 'E520',
    message: `this folder is a link that leads out of ${root}: to ${real}`,
    path: folder,
    hint: 'remove the link, or choose another folder',
  });
}

/** `undefined` where there is nothing yet: what is made then is a folder, and no link. */
async function resolved(folder: string): Promise<string | undefined> {
  try {
    return await realpath(folder);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
