/** What a folder and an archive have in common: a list of files, and their bytes when asked for. */
import { reasonOf } from '../runtime-error.ts';
import { UnreadableFileError } from './data-error.ts';

export interface SourceFile {
  /** Relative to the root, with `/` on every system. */
  readonly path: string;
  readonly size: number;
  /** Changes when the contents may have: with the path, the key of the cache. */
  readonly stamp: string;
}

/** A file about to be decoded. */
export interface SourceBytes {
  readonly path: string;
  load(): Promise<Uint8Array>;
}

export interface Source {
  /** Real path of the folder or archive. */
  readonly location: string;
  /** Regular files, hidden ones left out, sorted by path. */
  readonly files: readonly SourceFile[];
  /** Gives the wanted files, in the same order every time. What is not wanted is never read into memory. */
  read(wanted: ReadonlySet<string>, signal?: AbortSignal): AsyncIterable<SourceBytes>;
  /** How an error names a file on disk. */
  nameOnDisk(path: string): string;
}

/** Plain order of UTF-16 units: the same everywhere, which a locale's order is not. */
export function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Dot files, and what macOS and NAS boxes leave beside the real files. */
export function isHidden(path: string): boolean {
  return path.split('/').some((part) => /^(\.|__MACOSX$|@eaDir$)/.test(part));
}

export function unreadable(path: string, cause: unknown): UnreadableFileError {
  return new UnreadableFileError({
    message: `cannot be read: ${reasonOf(cause)}`,
    path,
    cause,
    hint: 'check its permissions and the disk',
  });
}
