/** The index of a cache file, and its reading from text that may be anything. */
import type { ImageFormat } from './image-format.ts';

export interface CachedImage {
  readonly path: string;
  /** SHA-256 of the file it was decoded from, hex. */
  readonly hash: string;
  readonly width: number;
  readonly height: number;
  readonly format: ImageFormat;
}

export interface BadImage {
  readonly path: string;
  readonly reason: string;
}

export interface CacheIndex {
  /** Of what and how it was decoded. */
  readonly key: string;
  /** SHA-256 of all pixels, hex. */
  readonly pixelHash: string;
  /** In the order of their pixels. */
  readonly images: readonly CachedImage[];
  /** Could not be decoded; kept, so that a second run says the same. */
  readonly bad: readonly BadImage[];
}

const HASH = /^[0-9a-f]{64}$/;

export function pixelBytes(images: readonly CachedImage[]): number {
  return images.reduce((sum, { width, height }) => sum + width * height * 3, 0);
}

/** Null for anything but a well-formed index. */
export function parseIndex(text: string): CacheIndex | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isRecord(value)) return null;
  const { key, pixelHash, images, bad } = value;
  if (!isHash(key) || !isHash(pixelHash) || !Array.isArray(images) || !Array.isArray(bad)) {
    return null;
  }
  return images.every(isCachedImage) && bad.every(isBadImage)
    ? { key, pixelHash, images, bad }
    : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isHash(value: unknown): value is string {
  return typeof value === 'string' && HASH.test(value);
}

function isSide(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535;
}

function isCachedImage(value: unknown): value is CachedImage {
  if (!isRecord(value)) return false;
  const { path, hash, width, height, format } = value;
  const known = format === 'jpeg' || format === 'png' || format === 'webp';
  return typeof path === 'string' && isHash(hash) && isSide(width) && isSide(height) && known;
}

function isBadImage(value: unknown): value is BadImage {
  return isRecord(value) && typeof value.path === 'string' && typeof value.reason === 'string';
}
