/** Finds out what a data root is: a folder, or a tar archive read where it lies. */
import { type FileHandle, open, realpath, stat } from 'node:fs/promises';
import { systemCode } from '../runtime-error.ts';
import { openArchive } from './archive-source.ts';
import { DataNotFoundError } from './data-error.ts';
import { openFolder } from './folder-source.ts';
import { type Source, unreadable } from './source.ts';

export async function openSource(root: string, signal?: AbortSignal): Promise<Source> {
  const location = await resolve(root);
  const info = await stat(location);
  if (info.isDirectory()) return openFolder(location, signal);
  if (!info.isFile()) {
    throw new DataNotFoundError({
      message: 'this is neither a folder nor a file',
      path: root,
      hint: 'give a folder of images or a .tar or .tar.gz of one',
    });
  }
  return openArchive(location, await head(location), signal);
}

async function resolve(root: string): Promise<string> {
  try {
    return await realpath(root);
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') {
      throw new DataNotFoundError({
        message: 'this folder does not exist',
        path: root,
        cause: error,
        hint: 'give a folder of images, one folder a class, or a .tar or .tar.gz of one',
      });
    }
    throw unreadable(root, error);
  }
}

/** The first bytes of a file, by which an archive is known. */
async function head(path: string): Promise<Uint8Array> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'r');
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(512), 0, 512, 0);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    throw unreadable(path, error);
  } finally {
    await handle?.close();
  }
}
