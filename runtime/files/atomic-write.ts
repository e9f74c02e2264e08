/**
 * The one way netlathe writes a file: into a temporary file in the same folder, fsync, rename, fsync of the folder.
 * After a crash at any instant the path holds the old contents or the new ones, never a mixture; after an error the
 * temporary file is gone and a WriteError says why.
 */
import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { systemCode } from '../runtime-error.ts';
import { makeFolder } from './make-folder.ts';
import { writeError } from './write-error.ts';

/** A file that does not exist under its name until `commit`. After `commit` or `discard` it is closed. */
export interface AtomicFile {
  /** Appends. The bytes must not change before the promise resolves. */
  write(bytes: Uint8Array): Promise<void>;
  commit(): Promise<void>;
  discard(): Promise<void>;
}

/** Small writes are gathered up to this size, so that thousands of them cost few system calls. */
const GATHER_BYTES = 1 << 20;
const TEMPORARY = /^\..+\.(\d+)-\d+\.tmp$/;

let opened = 0;

/** The process that owns a temporary file of this module, or null where the name is not one of its own. */
export function temporaryOwner(name: string): number | null {
  const pid = TEMPORARY.exec(name)?.[1];
  return pid === undefined ? null : Number(pid);
}

export interface AtomicOptions {
  /** Permissions of the file, as for `chmod`. */
  readonly mode?: number;
}

/** A name beside `path` that no other write of this process has. */
export function temporaryFor(path: string): string {
  opened += 1;
  return join(dirname(path), `.${basename(path)}.${process.pid}-${opened}.tmp`);
}

/** Starts a file at `path`; folders that are missing are made. */
export async function openAtomic(path: string, options: AtomicOptions = {}): Promise<AtomicFile> {
  const temporary = temporaryFor(path);
  try {
    await makeFolder(dirname(path));
    return new TemporaryFile(path, temporary, await openNew(temporary, options.mode));
  } catch (error) {
    throw writeError(path, error);
  }
}

/** Never what stands there already: that may be a link to anywhere, or a leftover of a process with the same number. */
async function openNew(temporary: string, mode: number | undefined): Promise<FileHandle> {
  try {
    return await open(temporary, 'wx', mode);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
    await unlink(temporary);
    return open(temporary, 'wx', mode);
  }
}

export async function writeFileAtomic(
  path: string,
  contents: string | Uint8Array,
  options: AtomicOptions = {},
): Promise<void> {
  const file = await openAtomic(path, options);
  try {
    await file.write(typeof contents === 'string' ? Buffer.from(contents) : contents);
  } catch (error) {
    await file.discard();
    throw error;
  }
  await file.commit();
}

class TemporaryFile implements AtomicFile {
  readonly #path: string;
  readonly #temporary: string;
  readonly #handle: FileHandle;
  #gathered: Uint8Array[] = [];
  #gatheredBytes = 0;
  #closed = false;

  constructor(path: string, temporary: string, handle: FileHandle) {
    this.#path = path;
    this.#temporary = temporary;
    this.#handle = handle;
  }

  async write(bytes: Uint8Array): Promise<void> {
    const flushes = this.#gatheredBytes + bytes.byteLength >= GATHER_BYTES;
    // What outlives this call is copied, since the caller may use its buffer again (Buffer.slice would not copy).
    this.#gathered.push(flushes ? bytes : new Uint8Array(bytes));
    this.#gatheredBytes += bytes.byteLength;
    if (flushes) await this.#guard(() => this.#flush());
  }

  async commit(): Promise<void> {
    await this.#guard(async () => {
      await this.#flush();
      await this.#handle.sync();
      await this.#close();
      await rename(this.#temporary, this.#path);
    });
    await syncFolder(dirname(this.#path)).catch((error: unknown) => {
      throw writeError(this.#path, error);
    });
  }

  async discard(): Promise<void> {
    // The reason for discarding is what the caller reports; a failing clean-up must not hide it.
    await this.#close().catch(() => undefined);
    await unlink(this.#temporary).catch(() => undefined);
  }

  async #flush(): Promise<void> {
    const batch = Buffer.concat(this.#gathered);
    this.#gathered = [];
    this.#gatheredBytes = 0;
    for (let done = 0; done < batch.byteLength; ) {
      const { bytesWritten } = await this.#handle.write(batch, done, batch.byteLength - done);
      done += bytesWritten;
    }
  }

  async #close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#handle.close();
  }

  async #guard(step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      await this.discard();
      throw writeError(this.#path, error);
    }
  }
}

/** Makes the rename itself durable. Windows has no such call and refuses to open a folder. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } catch (error) {
    // Some network file systems cannot sync a folder; the file itself is safe there.
    if (systemCode(error) !== 'EINVAL' && systemCode(error) !== 'ENOTSUP') throw error;
  } finally {
    await handle.close();
  }
}
