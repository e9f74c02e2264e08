/** The decoded images of a source: from the cache where it has them, else decoded into it. */
import { type CachedImages, CacheWriter, MAX_PIXEL_BYTES, readCache } from './cache-file.ts';
import {
  cacheKey,
  cachePath,
  DEFAULT_CACHE_BYTES,
  defaultCacheFolder,
  prune,
  touch,
} from './cache-folder.ts';
import { DataTooLargeError, UnreadableFileError } from './data-error.ts';
import { type DataWarning, dataWarning } from './data-warning.ts';
import { type DecodeRequest, decodeAll } from './decode-all.ts';

export interface CacheOptions {
  readonly cacheDir?: string | undefined;
  readonly maxCacheBytes?: number | undefined;
}

export interface DecodedImages extends CachedImages {
  readonly fromCache: boolean;
  readonly warnings: readonly DataWarning[];
}

export async function decodedImages(
  request: DecodeRequest,
  options: CacheOptions,
): Promise<DecodedImages> {
  const folder = options.cacheDir ?? defaultCacheFolder();
  const key = cacheKey(request.source, request.files, request.storageSize);
  const path = cachePath(folder, key);
  const cached = await readCache(path, key);
  request.signal?.throwIfAborted();
  if (cached.found === 'images') {
    await touch(path);
    return { ...cached.images, fromCache: true, warnings: [] };
  }
  await fillCache(request, path, key);
  await prune(folder, path, options.maxCacheBytes ?? DEFAULT_CACHE_BYTES).catch(() => undefined);
  const fresh = await readCache(path, key);
  if (fresh.found === 'images') {
    const rebuilt = dataWarning('W510', 'the cache of decoded images was damaged and made anew');
    return {
      ...fresh.images,
      fromCache: false,
      warnings: cached.found === 'damage' ? [rebuilt] : [],
    };
  }
  throw new UnreadableFileError({
    message: 'the cache cannot be read back right after it was written',
    path,
    hint: 'check the disk, or choose another cache folder',
  });
}

/** Leaves a whole file, or none. */
async function fillCache(request: DecodeRequest, path: string, key: string): Promise<void> {
  const writer = await CacheWriter.create(path, key);
  try {
    let done = 0;
    for await (const file of decodeAll(request)) {
      await writer.add(file);
      done += 1;
      if (writer.bytes > MAX_PIXEL_BYTES) throw tooLarge(request, writer.bytes, done);
    }
    request.signal?.throwIfAborted();
    await writer.commit();
  } catch (error) {
    await writer.discard();
    throw error;
  }
}

function tooLarge(request: DecodeRequest, bytes: number, done: number): DataTooLargeError {
  const { files, source, storageSize } = request;
  const expected = (bytes / done) * files.length;
  const gigabytes = (size: number): string => (size / 1e9).toFixed(1);
  // Bytes grow with the square of the side; a tenth is left for what the estimate misses.
  const fitting = Math.floor(storageSize * Math.sqrt((0.9 * MAX_PIXEL_BYTES) / expected));
  return new DataTooLargeError({
    message: `${files.length} images at storage size ${storageSize} need about ${gigabytes(expected)} GB; there is room for ${gigabytes(MAX_PIXEL_BYTES)} GB`,
    path: source.location,
    hint: `photos are kept at one and a half times the input: an input of ${Math.floor(fitting / 1.5)} pixels would fit`,
  });
}
