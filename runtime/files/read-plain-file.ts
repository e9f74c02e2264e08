/** Reads a file that may come from a stranger: a plain file of bounded size, not a link to something else. */

import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** Why a file was not read, in words that follow its path. */
export class ReadRefusal extends Error {}

export interface ReadOptions {
  readonly limitBytes: number;
  /** The user typed this very path: links are followed, and another name of the file is no matter. */
  readonly named?: boolean;
}

/** Symbolic links are followed in the folders of `path`, which are the caller's, but not in its last part. */
export async function readPlainFile(
  path: string,
  { limitBytes, named = false }: ReadOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  // Non-blocking, or opening a pipe would wait for its writer; both flags are absent on Windows.
  const noFollow = named ? 0 : (constants.O_NOFOLLOW ?? 0);
  const flags = constants.O_RDONLY | noFollow | (constants.O_NONBLOCK ?? 0);
  const handle = await open(path, flags);
  try {
    const { size, nlink, ...stat } = await statOf(handle);
    if (!stat.isFile) throw new ReadRefusal('it is not a plain file');
    if (nlink > 1 && !named)
      throw new ReadRefusal('it is a hard link to a file that has other names');
    if (size > limitBytes) {
      throw new ReadRefusal(`it has ${size} bytes, more than ${limitBytes}`);
    }
    const bytes = new Uint8Array(size);
    let done = 0;
    while (done < size) {
      const { bytesRead } = await handle.read(bytes, done, size - done, done);
      if (bytesRead === 0) throw new ReadRefusal('it shrank while it was read');
      done += bytesRead;
    }
    return bytes;
  } finally {
    await handle.close();
  }
}

async function statOf(handle: Awaited<ReturnType<typeof open>>) {
  const stat = await handle.stat();
  return { isFile: stat.isFile(), size: stat.size, nlink: stat.nlink };
}
