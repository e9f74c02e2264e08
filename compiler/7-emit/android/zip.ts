/**
 * The archive that an APK is: every file stored as it is. Weights hardly shrink, what the phone installs needs no
 * unpacking, and the bytes do not depend on a version of zlib. PKWARE APPNOTE.
 */

import { crc32 } from '../checksums.ts';
import { u16, u32 } from './chunks.ts';

export interface Archive {
  readonly entries: Buffer;
  readonly directory: Buffer;
  /** The end record for a directory that begins at this offset. */
  readonly end: (directoryAt: number) => Buffer;
}

/** Where a file begins: the phone maps it into memory. */
const alignment = 4;
/** 1980-01-01, the earliest that there is. */
const [time, date] = [0, 0x21];
const version = 10;
const utf8 = 0x0800;

export function archiveOf(files: ReadonlyMap<string, Uint8Array>): Archive {
  const entries: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, contents] of files) {
    const path = Buffer.from(name);
    const common = Buffer.concat([
      u16(version, utf8, 0, time, date),
      u32(crc32(contents), contents.length, contents.length),
    ]);
    const extra = padding(at + 30 + path.length);
    const local = [u32(0x04034b50), common, u16(path.length, extra.length), path, extra];
    const entry = Buffer.concat([...local, contents]);
    directory.push(
      Buffer.concat([
        u32(0x02014b50),
        u16(version),
        common,
        u16(path.length, 0, 0, 0, 0),
        u32(0, at),
        path,
      ]),
    );
    entries.push(entry);
    at += entry.length;
  }
  const list = Buffer.concat(directory);
  return {
    entries: Buffer.concat(entries),
    directory: list,
    end: (directoryAt) =>
      Buffer.concat([
        u32(0x06054b50),
        u16(0, 0, files.size, files.size),
        u32(list.length, directoryAt),
        u16(0),
      ]),
  };
}

/** An extra field by which the contents begin at a multiple of four: 0xd935, as Android's own tools write it. */
function padding(at: number): Buffer {
  const size = 6;
  const zeros = (alignment - ((at + size) % alignment)) % alignment;
  return Buffer.concat([u16(0xd935, 2 + zeros, alignment), Buffer.alloc(zeros)]);
}

/** The contents of a file of an archive that this module wrote. */
export function fileOf(archive: Uint8Array, name: string): Buffer | undefined {
  return filesOf(archive).get(name);
}

/** All files of such an archive, as its directory lists them. */
export function filesOf(archive: Uint8Array): ReadonlyMap<string, Buffer> {
  const bytes = Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength);
  const files = new Map<string, Buffer>();
  const end = bytes.length - 22;
  const count = bytes.readUInt16LE(end + 10);
  let at = bytes.readUInt32LE(end + 16);
  for (let i = 0; i < count; i++) {
    const size = bytes.readUInt32LE(at + 24);
    const length = bytes.readUInt16LE(at + 28);
    const local = bytes.readUInt32LE(at + 42);
    const start = local + 30 + length + bytes.readUInt16LE(local + 28);
    files.set(
      bytes.toString('utf8', at + 46, at + 46 + length),
      bytes.subarray(start, start + size),
    );
    at += 46 + length;
  }
  return files;
}
