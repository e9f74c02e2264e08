/**
 * The `.images` file: everything decoded from one data set. One pass writes it, whatever its size:
 *
 *   magic    8 bytes
 *   pixels   u8 RGB, image after image; offsets are not stored, they follow from the sizes
 *   index    JSON in UTF-8 (CacheIndex): what is where
 *   trailer  length of the index (u64), SHA-256 of the index, magic again
 *
 * Nothing of it is believed before it is checked: a file that is not exactly what its index says counts as damaged.
 */
import { constants } from 'node:buffer';
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { type AtomicFile, openAtomic } from '../files/atomic-write.ts';
import { systemCode } from '../runtime-error.ts';
import { type CachedImage, type CacheIndex, parseIndex, pixelBytes } from './cache-index.ts';
import type { DecodedFile } from './decode-all.ts';

/** Ends in the version of the format. */
const MAGIC = Buffer.from('NLIMAGE1', 'latin1');
const TRAILER_BYTES = 8 + 32 + MAGIC.byteLength;
const MAX_INDEX_BYTES = 2 ** 29;
const READ_BYTES = 2 ** 22;

/** All pixels are one array: as long as this Node can make one, with room left for training. */
export const MAX_PIXEL_BYTES = Math.min(constants.MAX_LENGTH, Math.floor(totalmem() * 0.75));

export interface CachedImages {
  readonly index: CacheIndex;
  readonly pixels: Uint8Array<SharedArrayBuffer>;
}

export type CacheRead =
  | { readonly found: 'images'; readonly images: CachedImages }
  | { readonly found: 'nothing' | 'damage' };

/** Writes one image after another; the file appears under its name at `commit`. */
export class CacheWriter {
  readonly #file: AtomicFile;
  readonly #key: string;
  readonly #hash = createHash('sha256');
  readonly #images: CachedImage[] = [];
  readonly #bad: { path: string; reason: string }[] = [];
  #bytes = 0;

  private constructor(file: AtomicFile, key: string) {
    this.#file = file;
    this.#key = key;
  }

  static async create(path: string, key: string): Promise<CacheWriter> {
    const file = await openAtomic(path);
    const writer = new CacheWriter(file, key);
    await file.write(MAGIC);
    return writer;
  }

  /** Bytes of pixels so far. */
  get bytes(): number {
    return this.#bytes;
  }

  async add(decoded: DecodedFile): Promise<void> {
    if (!decoded.ok) {
      this.#bad.push({ path: decoded.path, reason: decoded.reason });
      return;
    }
    const { width, height, pixels, format } = decoded.image;
    this.#images.push({ path: decoded.path, hash: decoded.hash, width, height, format });
    this.#hash.update(pixels);
    this.#bytes += pixels.byteLength;
    await this.#file.write(pixels);
  }

  async commit(): Promise<void> {
    const contents: CacheIndex = {
      key: this.#key,
      pixelHash: this.#hash.digest('hex'),
      images: this.#images,
      bad: this.#bad,
    };
    const index = Buffer.from(JSON.stringify(contents));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(index.byteLength));
    const hash = createHash('sha256').update(index).digest();
    await this.#file.write(Buffer.concat([index, length, hash, MAGIC]));
    await this.#file.commit();
  }

  discard(): Promise<void> {
    return this.#file.discard();
  }
}

/** Reads a whole file into shared memory. `key` must be the one it was written for. */
export async function readCache(path: string, key: string): Promise<CacheRead> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'r');
    const images = await readImages(handle, key);
    return images === null ? { found: 'damage' } : { found: 'images', images };
  } catch (error) {
    // Unreadable is as good as damaged: the images are there to be decoded again.
    return { found: systemCode(error) === 'ENOENT' ? 'nothing' : 'damage' };
  } finally {
    await handle?.close();
  }
}

async function readImages(handle: FileHandle, key: string): Promise<CachedImages | null> {
  const { size } = await handle.stat();
  if (size < MAGIC.byteLength + TRAILER_BYTES) return null;
  const start = await readBytes(handle, 0, MAGIC.byteLength);
  const trailer = await readBytes(handle, size - TRAILER_BYTES, TRAILER_BYTES);
  if (!start.equals(MAGIC) || !trailer.subarray(40).equals(MAGIC)) return null;
  const indexBytes = Number(trailer.readBigUInt64LE(0));
  const room = size - MAGIC.byteLength - TRAILER_BYTES;
  if (indexBytes > Math.min(room, MAX_INDEX_BYTES)) return null;
  const text = await readBytes(handle, size - TRAILER_BYTES - indexBytes, indexBytes);
  if (!createHash('sha256').update(text).digest().equals(trailer.subarray(8, 40))) return null;
  const index = parseIndex(text.toString('utf8'));
  if (index === null || index.key !== key) return null;
  const bytes = pixelBytes(index.images);
  if (bytes !== room - indexBytes || bytes > MAX_PIXEL_BYTES) return null;
  const pixels = new Uint8Array(new SharedArrayBuffer(bytes));
  const hash = await readPixels(handle, pixels);
  return hash === index.pixelHash ? { index, pixels } : null;
}

async function readBytes(handle: FileHandle, at: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  await fill(handle, bytes, at);
  return bytes;
}

/** Hashes each stretch while the next is read: a flipped bit never reaches a training run. */
async function readPixels(handle: FileHandle, pixels: Uint8Array): Promise<string> {
  const hash = createHash('sha256');
  const read = async (at: number): Promise<Uint8Array> => {
    const part = pixels.subarray(at, at + READ_BYTES);
    await fill(handle, part, MAGIC.byteLength + at);
    return part;
  };
  let reading = read(0);
  for (let at = 0; at < pixels.byteLength; at += READ_BYTES) {
    const part = await reading;
    reading = read(at + READ_BYTES);
    hash.update(part);
  }
  await reading;
  return hash.digest('hex');
}

async function fill(handle: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.byteLength; ) {
    const left = bytes.byteLength - done;
    const { bytesRead } = await handle.read(bytes, done, left, at + done);
    if (bytesRead === 0) throw new Error('the file ends too early');
    done += bytesRead;
  }
}
