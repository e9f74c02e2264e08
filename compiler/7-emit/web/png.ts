/**
 * A PNG writer for icons. zlib would do, but its output differs between versions and processors, and what is emitted must
 * be the same bytes everywhere. Icons are flat: runs alone make them small.
 */

import { adler32, crc32 } from '../checksums.ts';

export interface Raster {
  readonly width: number;
  readonly height: number;
  /** RGB, row by row. */
  readonly data: Uint8Array;
}

const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const [bitDepth, trueColour] = [8, 2];

/** Eight bits a channel, RGB, each row as the difference to the row above (filter 2 of the PNG specification). */
export function pngOf({ width, height, data }: Raster): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([bitDepth, trueColour], 8);
  const row = 3 * width;
  const filtered = new Uint8Array(height * (row + 1));
  for (let y = 0; y < height; y++) {
    const to = y * (row + 1);
    filtered[to] = 2;
    for (let i = 0; i < row; i++) {
      const at = y * row + i;
      filtered[to + 1 + i] = (data[at] as number) - (y > 0 ? (data[at - row] as number) : 0);
    }
  }
  return Buffer.concat([
    Buffer.from(signature),
    chunk('IHDR', header),
    chunk('IDAT', zlibOf(filtered)),
    chunk('IEND', new Uint8Array(0)),
  ]);
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const crc = Buffer.alloc(4);
  crc.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, crc]);
}

/** One block with the fixed codes of RFC 1951; matches are runs of one byte, or of one pixel. */
function zlibOf(data: Uint8Array): Uint8Array {
  const bits = new BitWriter([0x78, 0x01]);
  bits.number(0b011, 3);
  for (let at = 0; at < data.length; ) {
    const [run, distance] = longestRun(data, at);
    if (run < 3) {
      bits.symbol(data[at] as number);
      at++;
      continue;
    }
    writeLength(bits, run);
    bits.code(distance - 1, 5);
    at += run;
  }
  bits.symbol(256);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(adler32(data));
  return Buffer.concat([bits.end(), check]);
}

function longestRun(data: Uint8Array, at: number): readonly [length: number, distance: number] {
  let best = 0;
  let from = 1;
  for (const distance of [1, 3]) {
    let length = 0;
    if (distance > at) continue;
    while (length < 258 && at + length < data.length) {
      if (data[at + length] !== data[at + length - distance]) break;
      length++;
    }
    if (length > best) [best, from] = [length, distance];
  }
  return [best, from];
}

/** Base lengths of codes 257 to 284; 285 is 258. */
const lengths = Array.from({ length: 28 }, (_, i) => {
  const extra = i < 8 ? 0 : (i >> 2) - 1;
  return { base: i < 8 ? 3 + i : 3 + ((4 + (i & 3)) << extra), extra };
});

function writeLength(bits: BitWriter, length: number): void {
  if (length === 258) {
    bits.symbol(285);
    return;
  }
  const i = lengths.findLastIndex(({ base }) => base <= length);
  const { base, extra } = lengths[i] as { base: number; extra: number };
  bits.symbol(257 + i);
  bits.number(length - base, extra);
}

class BitWriter {
  readonly #bytes: number[];
  #held = 0;
  #count = 0;

  constructor(start: readonly number[]) {
    this.#bytes = [...start];
  }

  /** Low bit first. */
  number(value: number, width: number): void {
    for (let i = 0; i < width; i++) this.#bit((value >> i) & 1);
  }

  /** High bit first, as codes are. */
  code(value: number, width: number): void {
    for (let i = width - 1; i >= 0; i--) this.#bit((value >> i) & 1);
  }

  /** A literal or a length in the fixed code. */
  symbol(value: number): void {
    if (value < 144) this.code(0x30 + value, 8);
    else if (value < 256) this.code(0x190 + value - 144, 9);
    else if (value < 280) this.code(value - 256, 7);
    else this.code(0xc0 + value - 280, 8);
  }

  end(): Uint8Array {
    while (this.#count > 0) this.#bit(0);
    return Uint8Array.from(this.#bytes);
  }

  #bit(bit: number): void {
    this.#held |= bit << this.#count;
    if (++this.#count < 8) return;
    this.#bytes.push(this.#held);
    this.#held = 0;
    this.#count = 0;
  }
}
