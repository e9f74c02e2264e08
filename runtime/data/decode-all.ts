/** Decodes many files side by side, and gives the results in the order of the source whatever finishes first. */
import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import {
  type Decoded,
  type DecodedImage,
  decodeBytes,
  MAX_FILE_BYTES,
  tooManyBytes,
} from './decode-image.ts';
import type { Source, SourceBytes, SourceFile } from './source.ts';

export interface Progress {
  readonly done: number;
  readonly total: number;
}

export type DecodedFile =
  | {
      readonly ok: true;
      readonly path: string;
      /** SHA-256 of the file, hex. */
      readonly hash: string;
      readonly image: DecodedImage;
    }
  | { readonly ok: false; readonly path: string; readonly reason: string };

export interface DecodeRequest {
  readonly source: Source;
  readonly files: readonly SourceFile[];
  readonly storageSize: number;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** More than one a thread, so that none waits while the main thread hands out work. */
const IN_FLIGHT = 2 * Math.max(2, availableParallelism());

export async function* decodeAll(request: DecodeRequest): AsyncGenerator<DecodedFile> {
  const { source, files, storageSize, onProgress, signal } = request;
  const total = files.length;
  let done = 0;
  onProgress?.({ done, total });
  const step = (): void => {
    signal?.throwIfAborted();
    done += 1;
    onProgress?.({ done, total });
  };
  // Too large to be read at all, so the source never hears of them.
  for (const { path } of files.filter(({ size }) => size > MAX_FILE_BYTES)) {
    step();
    yield { ok: false, path, reason: tooManyBytes() };
  }
  const wanted = new Set(
    files.filter(({ size }) => size <= MAX_FILE_BYTES).map(({ path }) => path),
  );
  const work = (file: SourceBytes): Promise<DecodedFile> => decodeOne(file, storageSize);
  for await (const file of mapInOrder(source.read(wanted, signal), IN_FLIGHT, work)) {
    step();
    yield file;
  }
}

async function decodeOne(file: SourceBytes, storageSize: number): Promise<DecodedFile> {
  const bytes = await file.load();
  const decoded: Decoded = await decodeBytes(bytes, storageSize);
  if (!decoded.ok) return { ok: false, path: file.path, reason: decoded.reason };
  const hash = createHash('sha256').update(bytes).digest('hex');
  return { ok: true, path: file.path, hash, image: decoded.image };
}

async function* mapInOrder<T, R>(
  items: AsyncIterable<T>,
  limit: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const waiting: Promise<R>[] = [];
  for await (const item of items) {
    const result = work(item);
    // Its turn to be awaited comes later; until then a failure must not count as unhandled.
    result.catch(() => undefined);
    waiting.push(result);
    if (waiting.length >= limit) yield (await waiting.shift()) as R;
  }
  for (const result of waiting) yield await result;
}
