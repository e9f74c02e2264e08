/**
 * Damaged, oversized and disguised photos, one by one and in a folder with sound ones. Each is decoded to pixels of the
 * right size or refused with a reason, in bounded time and memory; in a data set the bad ones are counted and named, and
 * more than 1 % of them stops it.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { deflateSync } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import { type Decoded, decodeBytes } from '../../runtime/data/decode-image.ts';
import { CorruptImagesError, loadDataset } from '../../runtime/data/index.ts';
import { randomFrom } from '../fuzz/mutate.ts';
import type { Proof, Trial } from './harness.ts';

/** Milliseconds a file may take, on a machine that does other things too. */
const slow = 4000;
/** How much the process may grow by one file. 40 megapixels of RGBA, twice. */
const mostBytes = 400 * 2 ** 20;
const storage = 48;

export const proof: Proof = {
  name: 'images',
  promise: 'A bad photo is refused with a reason in bounded time and memory, counted and named',
  unit: 'files',
  seconds: 120,
  cases: 500,
  run: async (trial) => {
    const slowest = { name: '', milliseconds: 0 };
    const bad = new Map<string, Buffer>();
    const tryOne = async (name: string, bytes: Buffer, expected?: Expected) => {
      await trial.check(name, async () => {
        const [before, started] = [process.memoryUsage.rss(), performance.now()];
        const decoded = await decodeBytes(bytes, storage);
        const milliseconds = performance.now() - started;
        if (milliseconds > slowest.milliseconds) Object.assign(slowest, { name, milliseconds });
        if (!decoded.ok) bad.set(name, bytes);
        const grown = process.memoryUsage.rss() - before;
        return problemOf(decoded, expected, milliseconds, grown);
      });
    };
    for (const { name, bytes, expected } of trial.named(await special())) {
      await tryOne(name, await bytes(), expected);
    }
    const originals = await sound();
    for (const seed of trial.cases()) await tryOne(String(seed), damaged(originals, seed));
    trial.note(`slowest ${slowest.milliseconds.toFixed(0)} ms (${slowest.name})`);
    if (trial.only === undefined) await asDataSet(trial, originals, bad);
  },
};

/** `undefined` where either will do, such as for a flipped bit. */
type Expected = 'refused' | { readonly width: number; readonly height: number } | undefined;

function problemOf(decoded: Decoded, expected: Expected, milliseconds: number, grown: number) {
  if (milliseconds > slow) return `${milliseconds.toFixed(0)} ms`;
  if (grown > mostBytes) return `${(grown / 2 ** 20).toFixed(0)} MiB`;
  if (!decoded.ok) {
    if (expected !== undefined && expected !== 'refused') return `refused: ${decoded.reason}`;
    return decoded.reason.length > 0 && decoded.reason.length < 300 ? undefined : 'no reason';
  }
  if (expected === 'refused') return 'it was decoded';
  const { width, height, pixels } = decoded.image;
  if (pixels.length !== width * height * 3)
    return `${pixels.length} bytes for ${width} x ${height}`;
  if (expected && (width !== expected.width || height !== expected.height)) {
    return `${width} x ${height} instead of ${expected.width} x ${expected.height}`;
  }
  return undefined;
}

function noise(width: number, height: number, channels: 3 | 4 = 3): Sharp {
  const random = randomFrom(width * height);
  const data = Buffer.from(Array.from({ length: width * height * channels }, () => random() * 256));
  return sharp(data, { raw: { width, height, channels } });
}

async function sound(): Promise<readonly Buffer[]> {
  return Promise.all([
    noise(64, 48).jpeg().toBuffer(),
    noise(64, 48).jpeg({ progressive: true }).toBuffer(),
    noise(64, 48).png().toBuffer(),
    noise(64, 48, 4).png({ palette: true }).toBuffer(),
    noise(64, 48).webp().toBuffer(),
    noise(64, 48, 4).webp({ lossless: true }).toBuffer(),
  ]);
}

/** Cut at one of 16 places, bits flipped, a stretch of zeros, or two files in one. */
function damaged(originals: readonly Buffer[], seed: number): Buffer {
  const random = randomFrom(seed);
  const below = (n: number) => Math.floor(random() * n);
  const original = originals[below(originals.length)] as Buffer;
  const bytes = Buffer.from(original);
  switch (below(5)) {
    case 0:
      return bytes.subarray(0, Math.floor((bytes.length * (seed % 16)) / 16));
    case 1:
    case 2:
      // More often in the head, where sizes and tables are.
      for (let i = 1 + below(20); i > 0; i--) {
        const at = below(random() < 0.5 ? Math.min(200, bytes.length) : bytes.length);
        bytes[at] = (bytes[at] as number) ^ (1 << below(8));
      }
      return bytes;
    case 3: {
      const at = below(bytes.length);
      return bytes.fill(0, at, at + below(bytes.length - at));
    }
    default: {
      const other = originals[below(originals.length)] as Buffer;
      return Buffer.concat([
        bytes.subarray(0, below(bytes.length)),
        other.subarray(below(other.length)),
      ]);
    }
  }
}

interface Special {
  readonly name: string;
  readonly bytes: () => Buffer | Promise<Buffer>;
  readonly expected?: Expected;
}

async function special(): Promise<readonly Special[]> {
  const size = { width: 64, height: 48 };
  const png = await noise(64, 48).png().toBuffer();
  const withOrientation = (orientation: number) =>
    noise(64, 48).withMetadata({ orientation }).jpeg().toBuffer();
  const text = (content: string) => () => Buffer.from(content);
  return [
    { name: 'empty', bytes: () => Buffer.alloc(0), expected: 'refused' },
    { name: 'one byte', bytes: () => Buffer.from([0xff]), expected: 'refused' },
    { name: 'JPEG magic alone', bytes: () => Buffer.from([0xff, 0xd8, 0xff]), expected: 'refused' },
    { name: 'PNG of 30000 x 30000', bytes: () => pngOf(30_000, 30_000, 1), expected: 'refused' },
    { name: 'PNG of 30000 x 30000 in full', bytes: () => bomb(30_000), expected: 'refused' },
    {
      name: 'PNG of 2^31 - 1 squared',
      bytes: () => pngOf(2 ** 31 - 1, 2 ** 31 - 1, 8),
      expected: 'refused',
    },
    { name: 'PNG of 70000 x 1', bytes: () => pngOf(70_000, 1, 8), expected: 'refused' },
    { name: 'PNG of 0 x 0', bytes: () => pngOf(0, 0, 8), expected: 'refused' },
    { name: 'PNG of 6300 x 6300, which is allowed', bytes: () => bomb(6300) },
    {
      name: 'JPEG of 65535 x 65535',
      bytes: async () => jpegOf(65_535, 65_535),
      expected: 'refused',
    },
    {
      name: 'WebP of 16383 x 16383',
      bytes: async () => webpOf(16_383, 16_383),
      expected: 'refused',
    },
    { name: 'zTXt bomb', bytes: () => withChunk(png, 'zTXt', ztxt()), expected: size },
    { name: 'iCCP bomb', bytes: () => withChunk(png, 'iCCP', ztxt()) },
    { name: 'iTXt bomb', bytes: () => withChunk(png, 'iTXt', itxt()), expected: size },
    { name: '5000 text chunks', bytes: () => manyChunks(png) },
    {
      name: 'APNG',
      bytes: () => withChunk(png, 'acTL', Buffer.from([0, 0, 0, 9, 0, 0, 0, 0])),
      expected: size,
    },
    { name: 'animated WebP', bytes: animated, expected: size },
    ...[1, 2, 3, 4].map((n) => ({
      name: `EXIF ${n}`,
      bytes: () => withOrientation(n),
      expected: size,
    })),
    ...[5, 6, 7, 8].map((n) => ({
      name: `EXIF ${n}`,
      bytes: () => withOrientation(n),
      expected: { width: 48, height: 64 },
    })),
    { name: 'EXIF 9', bytes: async () => orientationOf(await withOrientation(1), 9) },
    {
      name: 'CMYK',
      bytes: () => noise(64, 48).toColourspace('cmyk').jpeg().toBuffer(),
      expected: size,
    },
    {
      name: '16 bits',
      bytes: () => noise(64, 48).toColourspace('rgb16').png().toBuffer(),
      expected: size,
    },
    { name: 'grey', bytes: () => noise(64, 48).grayscale().png().toBuffer(), expected: size },
    { name: 'GIF', bytes: () => noise(64, 48).gif().toBuffer(), expected: 'refused' },
    { name: 'TIFF', bytes: () => noise(64, 48).tiff().toBuffer(), expected: 'refused' },
    { name: 'AVIF', bytes: () => noise(64, 48).avif().toBuffer(), expected: 'refused' },
    { name: 'BMP', bytes: text('BM'), expected: 'refused' },
    { name: 'SVG', bytes: text('<svg xmlns="http://www.w3.org/2000/svg"/>'), expected: 'refused' },
    {
      name: 'SVG that reads a file',
      bytes: text('<svg><image href="file:///etc/passwd"/></svg>'),
      expected: 'refused',
    },
    { name: 'PDF', bytes: text('%PDF-1.7\n'), expected: 'refused' },
    {
      name: 'PostScript',
      bytes: text('%!PS-Adobe-3.0\n(%pipe%id) (r) file\n'),
      expected: 'refused',
    },
    {
      name: 'MVG',
      bytes: text('push graphic-context\nfill url(https://example.org/)\n'),
      expected: 'refused',
    },
    { name: 'HTML', bytes: text('<!doctype html><title>404</title>'), expected: 'refused' },
    { name: 'ZIP', bytes: text('PK\u0003\u0004'), expected: 'refused' },
    {
      name: 'JPEG with a ZIP behind it',
      bytes: async () => Buffer.concat([await withOrientation(1), Buffer.from('PK\u0003\u0004')]),
    },
    {
      name: '65 MiB',
      bytes: () => Buffer.concat([png, Buffer.alloc(65 * 2 ** 20)]),
      expected: 'refused',
    },
  ];
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8 + body.length);
  frame.writeUInt32BE(data.length, 0);
  body.copy(frame, 4);
  frame.writeUInt32BE(crc32(body), 4 + body.length);
  return frame;
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  }
  return ~crc >>> 0;
}

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** A header that promises so much, with a few bytes of pixels. */
function pngOf(width: number, height: number, bits: number, pixels = Buffer.alloc(100)): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.writeUInt8(bits, 8);
  const data = chunk('IDAT', deflateSync(pixels));
  return Buffer.concat([signature, chunk('IHDR', header), data, chunk('IEND', Buffer.alloc(0))]);
}

/** Complete, one bit a pixel: zeros compress to nothing. */
function bomb(side: number): Buffer {
  return pngOf(side, side, 1, Buffer.alloc((Math.ceil(side / 8) + 1) * side));
}

/** Behind the header of a sound file. */
function withChunk(png: Buffer, type: string, data: Buffer): Buffer {
  return Buffer.concat([png.subarray(0, 33), chunk(type, data), png.subarray(33)]);
}

const zeros = deflateSync(Buffer.alloc(200 * 2 ** 20), { level: 9 });
const ztxt = () => Buffer.concat([Buffer.from('Comment\0\0', 'latin1'), zeros]);
const itxt = () => Buffer.concat([Buffer.from('Comment\0\u0001\0\0\0', 'latin1'), zeros]);

function manyChunks(png: Buffer): Buffer {
  const one = chunk('tEXt', Buffer.from('Comment\0x', 'latin1'));
  return Buffer.concat([png.subarray(0, 33), ...Array(5000).fill(one), png.subarray(33)]);
}

async function jpegOf(width: number, height: number): Promise<Buffer> {
  const bytes = await noise(64, 48).jpeg().toBuffer();
  const at = bytes.indexOf(Buffer.from([0xff, 0xc0]));
  bytes.writeUInt16BE(height, at + 5);
  bytes.writeUInt16BE(width, at + 7);
  return bytes;
}

/** VP8L: fourteen bits of width - 1, fourteen of height - 1. */
async function webpOf(width: number, height: number): Promise<Buffer> {
  const bytes = await noise(64, 48).webp({ lossless: true }).toBuffer();
  const at = bytes.indexOf('VP8L') + 9;
  bytes.writeUInt32LE((((height - 1) << 14) | (width - 1)) >>> 0, at);
  return bytes;
}

async function animated(): Promise<Buffer> {
  const frames = await noise(64, 96).raw().toBuffer();
  return sharp(frames, { raw: { width: 64, height: 96, channels: 3, pageHeight: 48 } })
    .webp({ loop: 0 })
    .toBuffer();
}

function orientationOf(jpeg: Buffer, value: number): Buffer {
  // Tag 0x0112, a short: the value stands ten bytes behind it, in either byte order.
  for (const tag of [Buffer.from([0x01, 0x12, 0, 3]), Buffer.from([0x12, 0x01, 3, 0])]) {
    const at = jpeg.indexOf(tag);
    if (at >= 0) jpeg[at + (tag[0] === 1 ? 9 : 8)] = value;
  }
  return jpeg;
}

/** Among 300 sound ones, three bad ones are skipped and named; ten are too many. */
async function asDataSet(
  trial: Trial,
  originals: readonly Buffer[],
  bad: ReadonlyMap<string, Buffer>,
) {
  const worst = [...bad].filter(([, bytes]) => bytes.length < 10 ** 6).slice(0, 10);
  for (const [name, count] of [
    ['three bad photos of 300', 3],
    ['ten bad photos of 300', 10],
  ] as const) {
    await trial.check(name, async () => {
      const root = path.join(trial.folder, name);
      for (const label of ['a', 'b']) mkdirSync(path.join(root, label), { recursive: true });
      for (let i = 0; i < 300; i++) {
        const which = i < count ? worst[i]?.[1] : originals[i % 5];
        if (which === undefined) return `only ${worst.length} bad files were found`;
        writeFileSync(path.join(root, i % 2 ? 'a' : 'b', `${i}.png`), which);
      }
      const cacheDir = path.join(trial.folder, 'cache');
      const loading = loadDataset({ root, seed: 1, storageSize: storage, cacheDir });
      const outcome = await loading.catch((error: unknown) => error);
      if (count === 10) {
        if (!(outcome instanceof CorruptImagesError)) return `not refused: ${outcome}`;
        return outcome.notes.length === 10 ? undefined : `${outcome.notes.length} are named`;
      }
      if (outcome instanceof Error) throw outcome;
      const { train, skipped } = outcome as Awaited<typeof loading>;
      const named = skipped.every(
        ({ path: file, reason }) => file.endsWith('.png') && reason !== '',
      );
      return train.count === 297 && skipped.length === 3 && named ? undefined : 'not three skipped';
    });
  }
}
