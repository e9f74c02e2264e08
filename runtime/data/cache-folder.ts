/** Where decoded data sets are kept between runs, and how the folder stays within its bound. */
import { createHash } from 'node:crypto';
import { readdir, stat, unlink, utimes } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { temporaryOwner } from '../files/atomic-write.ts';
import { isRunning } from '../files/process-name.ts';
import { DECODER } from './decode-image.ts';
import type { Source, SourceFile } from './source.ts';

const EXTENSION = '.images';
export const DEFAULT_CACHE_BYTES = 20 * 2 ** 30;

/** The cache folder of the user, as each system has it; `NETLATHE_CACHE` overrides. */
export function defaultCacheFolder(
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  if (env.NETLATHE_CACHE) return env.NETLATHE_CACHE;
  if (env.XDG_CACHE_HOME) return join(env.XDG_CACHE_HOME, 'netlathe');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'netlathe');
  if (process.platform === 'win32' && env.LOCALAPPDATA) {
    return join(env.LOCALAPPDATA, 'netlathe', 'Cache');
  }
  return join(homedir(), '.cache', 'netlathe');
}

/** Equal only where the decoded bytes would be: same files, untouched since, same size, same decoder. */
export function cacheKey(
  source: Source,
  files: readonly SourceFile[],
  storageSize: number,
): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([DECODER, storageSize, source.location]));
  for (const { path, size, stamp } of files) hash.update(JSON.stringify([path, size, stamp]));
  return hash.digest('hex');
}

export function cachePath(folder: string, key: string): string {
  return join(folder, key.slice(0, 32) + EXTENSION);
}

/** Marks a file as used now, which is what `prune` goes by. */
export async function touch(path: string): Promise<void> {
  const now = new Date();
  // On a read-only cache the mark is lost and nothing else.
  await utimes(path, now, now).catch(() => undefined);
}

/**
 * Removes what was used least recently until the folder is within `maxBytes`, never the file in use, and what killed
 * runs left half written. Other programs' files are not touched.
 */
export async function prune(folder: string, inUse: string, maxBytes: number): Promise<void> {
  const kept: { path: string; size: number; used: number }[] = [];
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (isAbandoned(name)) await remove(path);
    if (!name.endsWith(EXTENSION)) continue;
    const info = await stat(path).catch(() => null);
    if (info?.isFile()) kept.push({ path, size: info.size, used: info.mtimeMs });
  }
  let total = kept.reduce((sum, { size }) => sum + size, 0);
  const oldestFirst = kept.filter(({ path }) => path !== inUse).sort((a, b) => a.used - b.used);
  for (const { path, size } of oldestFirst) {
    if (total <= maxBytes) return;
    await remove(path);
    total -= size;
  }
}

/** Another process may have removed it, or hold it open where the system minds that: next time, then. */
async function remove(path: string): Promise<void> {
  await unlink(path).catch(() => undefined);
}

function isAbandoned(name: string): boolean {
  const pid = name.includes(EXTENSION) ? temporaryOwner(name) : null;
  return pid !== null && !isRunning(pid);
}
