import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { decodeBytes } from '../../runtime/data/decode-image.ts';
import { decodeImage } from '../../runtime/data/index.ts';
import { noisy, plain, refusal } from './fixtures.ts';

const BIG = 1000;

async function reason(bytes: Uint8Array): Promise<string> {
  const decoded = await decodeBytes(bytes, BIG);
  return decoded.ok ? 'decoded' : decoded.reason;
}

function pixel(image: { pixels: Uint8Array; width: number }, x: number, y: number): number[] {
  const at = (y * image.width + x) * 3;
  return [...image.pixels.subarray(at, at + 3)];
}

/** Red at the top left, green at the top right, blue at the bottom left, white at the bottom right; 6 wide, 4 high. */
const QUARTERS = sharp(
  Buffer.from(
    Array.from({ length: 24 }, (_, i) => {
      const left = i % 6 < 3;
      const top = i < 12;
      return top ? (left ? [255, 0, 0] : [0, 255, 0]) : left ? [0, 0, 255] : [255, 255, 255];
    }).flat(),
  ),
  { raw: { width: 6, height: 4, channels: 3 } },
);

const R = [255, 0, 0];
const G = [0, 255, 0];
const B = [0, 0, 255];
const W = [255, 255, 255];

describe('orientation', () => {
  // The corners of the upright picture, clockwise from the top left.
  test.each([
    [1, [R, G, W, B]],
    [2, [G, R, B, W]],
    [3, [W, B, R, G]],
    [4, [B, W, G, R]],
    [5, [R, B, W, G]],
    [6, [B, R, G, W]],
    [7, [W, G, R, B]],
    [8, [G, W, B, R]],
  ])('EXIF %i', async (orientation, corners) => {
    const bytes = await QUARTERS.clone().withMetadata({ orientation }).png().toBuffer();
    const image = await decodeImage(bytes);
    const { width, height } = image;
    expect([width, height]).toEqual(orientation > 4 ? [4, 6] : [6, 4]);
    const right = width - 1;
    const bottom = height - 1;
    const seen = [
      pixel(image, 0, 0),
      pixel(image, right, 0),
      pixel(image, right, bottom),
      pixel(image, 0, bottom),
    ];
    expect(seen).toEqual(corners);
  });
});

describe('kinds of pixels become sRGB bytes', () => {
  test('grayscale is repeated over three channels', async () => {
    const gray = { raw: { width: 2, height: 1, channels: 1 } } as const;
    const bytes = await sharp(Buffer.from([10, 200]), gray)
      .toColourspace('b-w')
      .png()
      .toBuffer();
    expect((await sharp(bytes).metadata()).channels).toBe(1);
    expect([...(await decodeImage(bytes)).pixels]).toEqual([10, 10, 10, 200, 200, 200]);
  });

  test('transparency is laid over white', async () => {
    const rgba = { raw: { width: 3, height: 1, channels: 4 } } as const;
    const data = Buffer.from([9, 8, 7, 255, 9, 8, 7, 0, 0, 0, 0, 51]);
    const image = await decodeImage(await sharp(data, rgba).png().toBuffer());
    expect([...image.pixels]).toEqual([9, 8, 7, 255, 255, 255, 204, 204, 204]);
  });

  test('16 bits keep their upper 8', async () => {
    const data = new Uint16Array([0x0000, 0x8080, 0xffff]);
    const rgb16 = { raw: { width: 1, height: 1, channels: 3 } } as const;
    const bytes = await sharp(data, rgb16).toColourspace('rgb16').png().toBuffer();
    expect((await sharp(bytes).metadata()).depth).toBe('ushort');
    expect([...(await decodeImage(bytes)).pixels]).toEqual([0, 0x80, 255]);
  });

  test('16-bit grayscale', async () => {
    const data = new Uint16Array([0x4040, 0xc0c0]);
    const gray16 = { raw: { width: 2, height: 1, channels: 1 } } as const;
    const bytes = await sharp(data, gray16).toColourspace('grey16').png().toBuffer();
    expect((await sharp(bytes).metadata()).depth).toBe('ushort');
    expect([...(await decodeImage(bytes)).pixels]).toEqual([64, 64, 64, 192, 192, 192]);
  });

  test('a palette', async () => {
    const bytes = await QUARTERS.clone().png({ palette: true }).toBuffer();
    const image = await decodeImage(bytes);
    expect([pixel(image, 0, 0), pixel(image, 5, 3)]).toEqual([R, W]);
  });

  test('CMYK', async () => {
    const bytes = await plain(0xffffff, 16, 16).toColourspace('cmyk').jpeg().toBuffer();
    expect((await sharp(bytes).metadata()).space).toBe('cmyk');
    const image = await decodeImage(bytes);
    expect(image.pixels.byteLength).toBe(16 * 16 * 3);
    expect(Math.min(...image.pixels)).toBeGreaterThan(248);
  });

  test('WebP, and the first frame of an animation', async () => {
    const frames = Buffer.concat([
      await plain(0x0000ff, 4, 4).raw().toBuffer(),
      await plain(0xff0000, 4, 4).raw().toBuffer(),
    ]);
    const bytes = await sharp(frames, { raw: { width: 4, height: 8, channels: 3, pageHeight: 4 } })
      .webp({ lossless: true, loop: 0, delay: [100, 100] })
      .toBuffer();
    expect((await sharp(bytes).metadata()).pages).toBe(2);
    const image = await decodeImage(bytes);
    expect([image.width, image.height, pixel(image, 0, 0)]).toEqual([4, 4, R]);
  });
});

describe('storage size', () => {
  test.each([
    [300, 200, 100, 150, 100],
    [200, 300, 100, 100, 150],
    [80, 60, 100, 80, 60],
    [400, 60, 100, 400, 60],
    [2000, 1000, 50, 100, 50],
  ])('%i x %i at %i', async (width, height, storageSize, storedWidth, storedHeight) => {
    const bytes = await plain(0x336699, width, height).jpeg().toBuffer();
    const image = await decodeImage(bytes, { storageSize });
    expect([image.width, image.height]).toEqual([storedWidth, storedHeight]);
  });

  test('gives the same bytes every time', async () => {
    const bytes = await noisy(900, 700).jpeg().toBuffer();
    const [first, ...others] = await Promise.all(
      Array.from({ length: 4 }, () => decodeImage(bytes, { storageSize: 96 })),
    );
    for (const other of others) expect(other.pixels).toEqual(first?.pixels);
  });

  test.each([0, 1.5, -1, 100_000, Number.NaN])('%d is refused', async (storageSize) => {
    expect((await refusal(decodeImage(new Uint8Array(), { storageSize }))).code).toBe('E511');
  });
});

describe('what cannot be decoded is an answer', () => {
  test('an empty file', async () => {
    expect(await reason(new Uint8Array())).toBe('empty file');
  });

  test.each([
    ['GIF89a......', 'GIF'],
    ['BM..........', 'BMP'],
    ['....ftypheic', 'HEIC'],
    ['<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', 'SVG'],
    ['%PDF-1.7', 'not a JPEG'],
  ])('%s by another name', async (text, kind) => {
    expect(await reason(Buffer.from(text))).toContain(kind);
  });

  test('a JPEG cut short anywhere', async () => {
    const bytes = await noisy(64, 64).jpeg().toBuffer();
    for (let part = 1; part < 16; part++) {
      const cut = bytes.subarray(0, Math.floor((bytes.byteLength * part) / 16));
      expect(await reason(cut), `${part}/16`).not.toBe('decoded');
    }
  });

  test('a PNG cut short or with a flipped bit', async () => {
    const bytes = await QUARTERS.clone().png().toBuffer();
    expect(await reason(bytes.subarray(0, bytes.byteLength - 20))).not.toBe('decoded');
    const flipped = Buffer.from(bytes);
    const data = flipped.indexOf('IDAT') + 8;
    flipped[data] = (flipped[data] ?? 0) ^ 16;
    expect(await reason(flipped)).not.toBe('decoded');
  });

  test('a sound JPEG with bytes after its end is kept', async () => {
    const bytes = await plain(0x123456).jpeg().toBuffer();
    expect(await reason(Buffer.concat([bytes, Buffer.alloc(100)]))).toBe('decoded');
  });

  test('a header that declares 30000 x 30000', async () => {
    const started = performance.now();
    expect(await reason(bomb())).toMatch(/30000 x 30000, more than 40 megapixels/);
    expect(performance.now() - started).toBeLessThan(1000);
  });

  test('by itself it is an error that names the file', async () => {
    const error = await refusal(decodeImage(Buffer.from('GIF89a')));
    expect(error.code).toBe('E510');
    expect((await refusal(decodeImage('/nowhere/photo.jpg'))).path).toBe('/nowhere/photo.jpg');
  });
});

describe('damage', () => {
  test.each(['jpeg', 'png', 'webp'] as const)('never throws or hangs on a %s', async (format) => {
    const sound = await noisy(24, 24).toFormat(format).toBuffer();
    let state = 7;
    const next = (below: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return (state >>> 8) % below;
    };
    const outcomes = new Set<boolean>();
    for (let round = 0; round < 200; round++) {
      const bytes = Buffer.from(sound);
      for (let flips = next(6); flips >= 0; flips--) {
        const at = next(bytes.byteLength);
        bytes[at] = (bytes[at] ?? 0) ^ (1 << next(8));
      }
      const decoded = await decodeBytes(bytes, 16);
      outcomes.add(decoded.ok);
      if (decoded.ok) {
        const { width, height, pixels } = decoded.image;
        expect(pixels.byteLength).toBe(width * height * 3);
      } else {
        expect(decoded.reason).not.toBe('');
      }
    }
    expect(outcomes).toContain(false);
  });
});

/** A valid PNG signature and header in front of almost nothing. */
function bomb(): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(30_000, 0);
  header.writeUInt32BE(30_000, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const data = deflateSync(Buffer.alloc(1000));
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', data)]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.byteLength);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
