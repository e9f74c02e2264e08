/** Which files are taken for images by their name, and what their first bytes say they are. */

export type ImageFormat = 'jpeg' | 'png' | 'webp';

const FORMAT_OF_EXTENSION: ReadonlyMap<string, ImageFormat> = new Map([
  ['jpg', 'jpeg'],
  ['jpeg', 'jpeg'],
  ['jfif', 'jpeg'],
  ['png', 'png'],
  ['webp', 'webp'],
]);

/** Images that people have and netlathe does not read: worth a word of their own. */
const OTHER_IMAGES = /\.(avif|bmp|dng|gif|heic|heif|jxl|svg|tiff?)$/i;

/** The format a file name promises, or null where it promises none. */
export function formatOfName(path: string): ImageFormat | null {
  const extension = /\.([^./]+)$/.exec(path)?.[1] ?? '';
  return FORMAT_OF_EXTENSION.get(extension.toLowerCase()) ?? null;
}

export function isOtherImage(path: string): boolean {
  return OTHER_IMAGES.test(path);
}

/**
 * The format by content. Only these three ever reach the decoder, whatever the name: libvips would also take an SVG or a
 * PDF that calls itself .jpg, and those are programs more than pictures.
 */
export function formatOfBytes(bytes: Uint8Array): ImageFormat | null {
  if (startsWith(bytes, [0xff, 0xd8, 0xff])) return 'jpeg';
  if (startsWith(bytes, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) return 'png';
  if (ascii(bytes, 0, 4) === 'RIFF' && ascii(bytes, 8, 12) === 'WEBP') return 'webp';
  return null;
}

/** Why bytes of no known format were refused. */
export function describeForeign(bytes: Uint8Array): string {
  if (bytes.byteLength === 0) return 'empty file';
  if (ascii(bytes, 0, 3) === 'GIF') return 'a GIF, not a JPEG, PNG or WebP';
  if (ascii(bytes, 0, 2) === 'BM') return 'a BMP, not a JPEG, PNG or WebP';
  if (ascii(bytes, 4, 8) === 'ftyp') return 'a HEIC or AVIF, not a JPEG, PNG or WebP';
  if (ascii(bytes, 0, 1) === '<') return 'a text file (HTML or SVG), not a JPEG, PNG or WebP';
  return 'not a JPEG, PNG or WebP';
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((value, i) => bytes[i] === value);
}

function ascii(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to));
}
