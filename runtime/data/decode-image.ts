/**
 * One JPEG, PNG or WebP file to RGB bytes, the same way for training and for `predict`:
 * upright by its EXIF orientation, embedded colour profile and CMYK converted to sRGB, grayscale repeated over three
 * channels, 16 bits cut to 8, transparency laid over white (what a page or a photo viewer shows), the first frame of an
 * animation. An image whose shorter side exceeds `storageSize` is scaled down to it (lanczos3); none is ever scaled up.
 */
import { readFile, stat } from 'node:fs/promises';
import sharp, { type OutputInfo, type Sharp } from 'sharp';
import { reasonOf, systemCode } from '../runtime-error.ts';
import { DataNotFoundError, DataOptionError, UnreadableImageError } from './data-error.ts';
import { describeForeign, formatOfBytes, type ImageFormat } from './image-format.ts';

export const MAX_FILE_BYTES = 64 * 2 ** 20;
const MAX_PIXELS = 40_000_000;
/** Widths and heights are kept as 16-bit numbers. */
const MAX_SIDE = 65_535;
/** Guards against a file made to be slow. Far above any photo, so that a slow machine skips no image a fast one keeps. */
const MAX_SECONDS = 30;
const CHANNELS = 3;

/** Names the decoder in caches and run records: other versions may differ by a level or two. */
export const DECODER = `sharp ${sharp.versions.sharp}, libvips ${sharp.versions.vips}, mozjpeg ${sharp.versions.mozjpeg}, webp ${sharp.versions.webp}`;

// Parallelism is across images; libvips' own cache never helps, since every image is seen once.
sharp.concurrency(1);
sharp.cache(false);

export interface DecodedImage {
  readonly width: number;
  readonly height: number;
  /** [height, width, 3] u8, sRGB. */
  readonly pixels: Uint8Array;
  readonly format: ImageFormat;
}

export type Decoded =
  | { readonly ok: true; readonly image: DecodedImage }
  | { readonly ok: false; readonly reason: string };

/** For `predict`: one image by itself, whose failure is an error rather than a line in a list. */
export async function decodeImage(
  source: string | Uint8Array,
  options: { readonly storageSize?: number } = {},
): Promise<DecodedImage> {
  const size = options.storageSize ?? MAX_SIDE;
  assertStorageSize(size);
  const path = typeof source === 'string' ? source : undefined;
  const decoded = await decodeBytes(
    typeof source === 'string' ? await readImage(source) : source,
    size,
  );
  if (decoded.ok) return decoded.image;
  throw new UnreadableImageError({
    message: `this image cannot be decoded: ${decoded.reason}`,
    path,
    hint: 'save it anew as JPEG, PNG or WebP',
  });
}

export function assertStorageSize(size: number): void {
  if (Number.isInteger(size) && size >= 1 && size <= MAX_SIDE) return;
  throw new DataOptionError({
    message: `storageSize ${size} is not a whole number of pixels from 1 to ${MAX_SIDE}`,
    hint: 'the input size of the architecture, or a little more to leave room for random crops',
  });
}

/** Never throws for what is in the bytes: a bad image is an answer, not an accident. */
export async function decodeBytes(bytes: Uint8Array, storageSize: number): Promise<Decoded> {
  if (bytes.byteLength > MAX_FILE_BYTES) return { ok: false, reason: tooManyBytes() };
  const format = formatOfBytes(bytes);
  if (format === null) return { ok: false, reason: describeForeign(bytes) };
  try {
    return { ok: true, image: toImage(await decodeTolerantly(bytes, storageSize), format) };
  } catch (error) {
    return { ok: false, reason: await describeFailure(bytes, error) };
  }
}

export function tooManyBytes(): string {
  return `larger than ${MAX_FILE_BYTES / 2 ** 20} MiB`;
}

interface RawImage {
  readonly data: Buffer;
  readonly info: OutputInfo;
}

/**
 * Decoders call two things a warning: an oddity in the metadata, common in sound photos, and a loss of pixels. The
 * first attempt stops at either; the second, which tolerates warnings, is made for oddities only.
 */
async function decodeTolerantly(bytes: Uint8Array, storageSize: number): Promise<RawImage> {
  try {
    return await pipeline(bytes, storageSize, 'warning').toBuffer({ resolveWithObject: true });
  } catch (error) {
    if (losesPixels(reasonOf(error))) throw error;
    return pipeline(bytes, storageSize, 'error').toBuffer({ resolveWithObject: true });
  }
}

function losesPixels(message: string): boolean {
  if (/pixel limit|timeout/i.test(message)) return true;
  return /corrupt|premature|truncated/i.test(message) && !/extraneous bytes/i.test(message);
}

function pipeline(bytes: Uint8Array, size: number, failOn: 'warning' | 'error'): Sharp {
  return (
    sharp(bytes, { failOn, limitInputPixels: MAX_PIXELS })
      .autoOrient()
      .flatten({ background: '#ffffff' })
      // The slower shrink-on-load: it leaves a factor of two to the resampling filter, which a small image needs.
      .resize({
        width: size,
        height: size,
        fit: 'outside',
        withoutEnlargement: true,
        kernel: 'lanczos3',
        fastShrinkOnLoad: false,
      })
      .toColourspace('srgb')
      .timeout({ seconds: MAX_SECONDS })
      .raw({ depth: 'uchar' })
  );
}

function toImage({ data, info }: RawImage, format: ImageFormat): DecodedImage {
  const { width, height, channels } = info;
  if (width > MAX_SIDE || height > MAX_SIDE) throw new Error(`longer than ${MAX_SIDE} pixels`);
  if (channels !== CHANNELS || data.byteLength !== width * height * CHANNELS) {
    throw new Error(`decoded to ${channels} channels`);
  }
  return { width, height, pixels: data, format };
}

async function describeFailure(bytes: Uint8Array, error: unknown): Promise<string> {
  const message = reasonOf(error).trim().split('\n')[0] ?? '';
  if (!/pixel limit/i.test(message)) return message;
  const limit = `more than ${MAX_PIXELS / 1e6} megapixels`;
  try {
    // Reads the header only, which is all that may be read of an image of this size.
    const { width, height } = await sharp(bytes, { limitInputPixels: false }).metadata();
    return `${width} x ${height}, ${limit}`;
  } catch {
    return limit;
  }
}

async function readImage(path: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    // One byte more than allowed is enough to be refused by the decoder, without reading gigabytes first.
    return size > MAX_FILE_BYTES ? new Uint8Array(MAX_FILE_BYTES + 1) : await readFile(path);
  } catch (error) {
    throw new DataNotFoundError({
      path,
      cause: error,
      ...whyUnread(path, error),
    });
  }
}

function whyUnread(
  path: string,
  error: unknown,
): { readonly message: string; readonly hint: string } {
  switch (systemCode(error)) {
    case 'ENOENT':
      return { message: 'there is no such photo', hint: 'check the path' };
    case 'EISDIR':
      return {
        message: 'this is a folder, not a photo',
        hint: `name the photos in it: ${path}/*.jpg`,
      };
    default:
      return {
        message: `this image cannot be read: ${reasonOf(error)}`,
        hint: 'check the path and its permissions',
      };
  }
}
