/**
 * A .tar or .tar.gz read where it lies: nothing is ever unpacked to disk. Listing and reading are one pass each, since
 * what a file is (its split, its class) is known only when all names are.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Transform, type TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { type Extract, extract } from 'tar-stream';
import { reasonOf } from '../runtime-error.ts';
import { ArchiveError, DataError } from './data-error.ts';
import { MAX_FILE_BYTES } from './decode-image.ts';
import { byText, isHidden, type Source, type SourceBytes, type SourceFile } from './source.ts';

/** Photos hardly compress: what unpacks to more than both of these is a bomb. */
const MAX_RATIO = 200;
const ALWAYS_ALLOWED_BYTES = 2 ** 28;

type Packing = 'tar' | 'tar.gz';
type Entry = Extract extends AsyncIterable<infer E> ? E : never;

const FOREIGN: readonly (readonly [kind: string, magic: readonly number[]])[] = [
  ['a zip', [0x50, 0x4b]],
  ['a 7-Zip archive', [0x37, 0x7a, 0xbc, 0xaf]],
  ['a RAR archive', [0x52, 0x61, 0x72, 0x21]],
  ['an xz file', [0xfd, 0x37, 0x7a, 0x58, 0x5a]],
  ['a bzip2 file', [0x42, 0x5a, 0x68]],
  ['a Zstandard file', [0x28, 0xb5, 0x2f, 0xfd]],
];

export async function openArchive(
  location: string,
  head: Uint8Array,
  signal?: AbortSignal,
): Promise<Source> {
  const packing = packingOf(location, head);
  const { size, mtimeNs } = await stat(location, { bigint: true });
  const files = new Map<string, SourceFile>();
  for await (const entry of entries(location, packing, signal)) {
    const path = safePath(location, entry.header.name);
    if (isImageable(entry) && !isHidden(path)) {
      if (files.has(path)) throw damaged(location, `it holds "${path}" twice`);
      files.set(path, { path, size: entry.header.size, stamp: `${size}:${mtimeNs}` });
    }
    entry.resume();
  }
  return {
    location,
    files: [...files.values()].sort((a, b) => byText(a.path, b.path)),
    read: (wanted, stop) => readArchive(location, packing, wanted, stop),
    nameOnDisk: (path) => `${location}:${path}`,
  };
}

function packingOf(location: string, head: Uint8Array): Packing {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'tar.gz';
  if (Buffer.from(head.subarray(257, 262)).toString('latin1') === 'ustar') return 'tar';
  const kind = FOREIGN.find(([, magic]) => magic.every((byte, i) => head[i] === byte))?.[0];
  throw new ArchiveError({
    message: `this is ${kind ?? 'not an archive'}; netlathe reads folders, .tar and .tar.gz`,
    path: location,
    hint: 'unpack it and give the folder',
  });
}

async function* readArchive(
  location: string,
  packing: Packing,
  wanted: ReadonlySet<string>,
  signal?: AbortSignal,
): AsyncGenerator<SourceBytes> {
  for await (const entry of entries(location, packing, signal)) {
    const path = safePath(location, entry.header.name);
    const size = entry.header.size;
    if (!isImageable(entry) || !wanted.has(path) || size > MAX_FILE_BYTES) {
      entry.resume();
      continue;
    }
    const bytes = await contents(entry);
    yield { path, load: async () => bytes };
  }
}

async function contents(entry: Entry): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of entry) {
    if (part instanceof Uint8Array) parts.push(part);
  }
  return Buffer.concat(parts);
}

/** Links and devices in an archive point outside it or at what is in it already. */
function isImageable(entry: Entry): boolean {
  return entry.header.type === 'file' || entry.header.type === 'contiguous-file';
}

/** Paths are only ever names here, but an archive that tries to climb out is refused as a whole. */
function safePath(location: string, name: string): string {
  const parts = name.split('/').filter((part) => part !== '.' && part !== '');
  if (name.startsWith('/') || /[\\\0]|^[A-Za-z]:/.test(name) || parts.includes('..')) {
    throw damaged(location, `it holds the unsafe path ${JSON.stringify(name)}`);
  }
  return parts.join('/');
}

async function* entries(
  location: string,
  packing: Packing,
  signal?: AbortSignal,
): AsyncGenerator<Entry> {
  const unpacked = extract();
  const guard = new SizeGuard(location, Number((await stat(location)).size));
  const gunzip = packing === 'tar.gz' ? [createGunzip()] : [];
  const stop = signal === undefined ? {} : { signal };
  const flow = pipeline([createReadStream(location), ...gunzip, guard, unpacked], stop);
  // The same error also comes out of the loop below, which is where it is reported.
  flow.catch(() => undefined);
  try {
    yield* unpacked;
    await flow;
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof DataError) throw error;
    throw damaged(location, reasonOf(error), error);
  } finally {
    unpacked.destroy();
  }
}

function damaged(location: string, reason: string, cause?: unknown): ArchiveError {
  return new ArchiveError({
    message: `this archive cannot be used: ${reason}`,
    path: location,
    cause,
    hint: 'download or pack it anew, or unpack it and give the folder',
  });
}

class SizeGuard extends Transform {
  readonly #location: string;
  readonly #limit: number;
  #seen = 0;

  constructor(location: string, packedBytes: number) {
    super();
    this.#location = location;
    this.#limit = Math.max(ALWAYS_ALLOWED_BYTES, packedBytes * MAX_RATIO);
  }

  override _transform(chunk: Buffer, _encoding: string, done: TransformCallback): void {
    this.#seen += chunk.byteLength;
    if (this.#seen <= this.#limit) done(null, chunk);
    else done(damaged(this.#location, `it unpacks to more than ${MAX_RATIO} times its size`));
  }
}
