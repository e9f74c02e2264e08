/** Puts a bundle on disk, or compares it with what is there. Files of other origin are left alone. */

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { writeFileAtomic } from '../../runtime/files/atomic-write.ts';
import { systemCode } from '../../runtime/runtime-error.ts';
import { EmitError } from './emit-error.ts';
import { type BundleFiles, sha256 } from './ts/emit.ts';
import { banner } from './ts/header.ts';

export interface Difference {
  readonly file: string;
  readonly kind: 'missing' | 'differs';
}

/** What on disk is not what would be written. */
export async function compareBundle(
  folder: string,
  files: BundleFiles,
): Promise<readonly Difference[]> {
  const found: Difference[] = [];
  for (const [file, contents] of files) {
    const there = await contentsOf(path.join(folder, file));
    if (!there) found.push({ file, kind: 'missing' });
    else if (!there.equals(contents)) found.push({ file, kind: 'differs' });
  }
  return found;
}

/** All or nothing is checked first; each file is then replaced by a rename. */
export async function writeBundle(
  folder: string,
  files: BundleFiles,
  options: { readonly force: boolean },
): Promise<void> {
  if (!options.force) await refuseForeign(folder, files);
  // The list of files comes last: while it is old or missing, the bundle is not whole.
  for (const [file, contents] of files) await writeFileAtomic(path.join(folder, file), contents);
}

async function refuseForeign(folder: string, files: BundleFiles): Promise<void> {
  // Weights, pictures and archives have no room for a banner; the list of a bundle of ours knows them by their hash.
  const listed = listedIn(await contentsOf(path.join(folder, 'metadata.json')));
  const foreign: string[] = [];
  for (const [file, contents] of files) {
    const there = await contentsOf(path.join(folder, file));
    const ours =
      !there ||
      there.equals(contents) ||
      there.includes(banner) ||
      listed.get(file) === sha256(there);
    if (!ours) foreign.push(file);
  }
  if (foreign.length === 0) return;
  throw new EmitError({
    code: 'E702',
    message: 'netlathe did not make what would be overwritten here',
    path: folder,
    notes: foreign,
    hint: 'choose an empty folder, or overwrite them with --force',
  });
}

function listedIn(metadata: Buffer | undefined): ReadonlyMap<string, unknown> {
  if (!metadata?.includes(banner)) return new Map();
  let parsed: { readonly files?: Readonly<Record<string, { readonly sha256?: unknown }>> };
  try {
    parsed = JSON.parse(metadata.toString());
  } catch {
    // Damaged: then nothing is known, and what has no banner needs --force.
    return new Map();
  }
  return new Map(Object.entries(parsed.files ?? {}).map(([file, entry]) => [file, entry?.sha256]));
}

async function contentsOf(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new EmitError({ code: 'E704', message: 'cannot be read', path: file, cause: error });
  }
}
