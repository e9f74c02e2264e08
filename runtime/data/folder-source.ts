/** A folder of images on disk. Follows links inside the folder, refuses those that leave it. */
import { type BigIntStats, type Dirent, lstatSync } from 'node:fs';
import { constants, readdir, readFile, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { UnreadableFileError, UnsafeLinkError } from './data-error.ts';
import {
  byText,
  isHidden,
  type Source,
  type SourceBytes,
  type SourceFile,
  unreadable,
} from './source.ts';

interface FoundFile extends SourceFile {
  /** Where it really is, links resolved. */
  readonly realPath: string;
}

/** Lists one folder after another, keeping the chain of real folders above it so that a circle of links is seen. */
interface Walk {
  readonly root: string;
  readonly signal: AbortSignal | undefined;
  readonly found: FoundFile[];
}

export async function openFolder(root: string, signal?: AbortSignal): Promise<Source> {
  const walk: Walk = { root, signal, found: [] };
  await walkFolder(walk, root, '', [root]);
  const files = walk.found.sort((a, b) => byText(a.path, b.path));
  return {
    location: root,
    files,
    read: (wanted) => readFolder(files, wanted),
    nameOnDisk: (path) => join(root, ...path.split('/')),
  };
}

async function walkFolder(
  walk: Walk,
  folder: string,
  prefix: string,
  chain: readonly string[],
): Promise<void> {
  walk.signal?.throwIfAborted();
  const entries = await list(folder);
  await Promise.all(
    entries.map(async (entry) => {
      const path = prefix + entry.name;
      if (!isHidden(entry.name)) await visit(walk, join(folder, entry.name), path, entry, chain);
    }),
  );
}

async function visit(
  walk: Walk,
  onDisk: string,
  path: string,
  entry: Dirent,
  chain: readonly string[],
): Promise<void> {
  const real = entry.isSymbolicLink() ? await resolveLink(walk.root, onDisk) : onDisk;
  const info = statusOf(real, onDisk);
  if (info.isDirectory()) {
    if (chain.includes(real)) throw circular(onDisk, real);
    await walkFolder(walk, real, `${path}/`, [...chain, real]);
  } else if (info.isFile()) {
    const stamp = `${info.size}:${info.mtimeNs}`;
    walk.found.push({ path, size: Number(info.size), stamp, realPath: real });
  }
  // Pipes, sockets and devices are no images, and reading one could wait for ever.
}

/** Waiting for another thread would take ten times as long as asking does: that shows with thousands of photos. */
function statusOf(real: string, onDisk: string): BigIntStats {
  try {
    return lstatSync(real, { bigint: true });
  } catch (error) {
    throw unreadable(onDisk, error);
  }
}

async function list(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    throw unreadable(folder, error);
  }
}

async function resolveLink(root: string, link: string): Promise<string> {
  let target: string;
  try {
    target = await realpath(link);
  } catch (error) {
    throw new UnsafeLinkError({
      message: 'this symbolic link leads nowhere',
      path: link,
      cause: error,
      hint: 'remove the link',
    });
  }
  if (target === root || target.startsWith(root.endsWith(sep) ? root : root + sep)) return target;
  throw new UnsafeLinkError({
    message: `this symbolic link leaves the data folder: it leads to ${target}`,
    path: link,
    hint: 'copy the files into the data folder, or give the folder that holds them all',
  });
}

function circular(link: string, target: string): UnsafeLinkError {
  return new UnsafeLinkError({
    message: `this symbolic link goes round in a circle: ${target} holds it`,
    path: link,
    hint: 'remove the link',
  });
}

async function* readFolder(
  files: readonly FoundFile[],
  wanted: ReadonlySet<string>,
): AsyncGenerator<SourceBytes> {
  for (const file of files) {
    if (wanted.has(file.path)) yield { path: file.path, load: () => readFound(file) };
  }
}

async function readFound(file: FoundFile): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    // A link put in the place of the file since the listing is not followed.
    const flag = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0);
    bytes = await readFile(file.realPath, { flag });
  } catch (error) {
    throw unreadable(file.realPath, error);
  }
  if (bytes.byteLength === file.size) return bytes;
  throw new UnreadableFileError({
    message: 'this file changed while it was being read',
    path: file.realPath,
    hint: 'start again once nothing writes to the data folder',
  });
}
