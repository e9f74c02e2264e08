/** Folders that are missing on the way to a file. */

import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { systemCode } from '../runtime-error.ts';

/**
 * As `mkdir` with `recursive`, which never comes back where a file system lets no folder be made and calls it ENOENT
 * (/proc; seen with Node 20). Throws what `mkdir` throws, and ENOTDIR where a file is in the way.
 */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EEXIST') return assertFolder(folder);
    const parent = path.dirname(folder);
    if (code !== 'ENOENT' || parent === folder || (await isFolder(parent))) throw error;
    await makeFolder(parent);
    await makeFolder(folder);
  }
}

async function assertFolder(folder: string): Promise<void> {
  if (await isFolder(folder)) return;
  throw Object.assign(new Error(`ENOTDIR: ${folder} is not a folder`), { code: 'ENOTDIR' });
}

async function isFolder(folder: string): Promise<boolean> {
  try {
    return (await stat(folder)).isDirectory();
  } catch {
    return false;
  }
}
