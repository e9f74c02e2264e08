/** Small images, trees of them and tar archives, made on the spot. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import { pack } from 'tar-stream';
import { afterEach, beforeEach, expect } from 'vitest';
import { RuntimeError } from '../../runtime/runtime-error.ts';

export interface Folders {
  /** Empty at the start of each test. */
  root: string;
  cache: string;
}

/** Two fresh folders a test, gone after it. */
export function freshFolders(): Folders {
  const folders: Folders = { root: '', cache: '' };
  let top = '';
  beforeEach(async () => {
    top = await mkdtemp(join(tmpdir(), 'netlathe-data-'));
    folders.root = join(top, 'photos');
    folders.cache = join(top, 'cache');
    await mkdir(folders.root);
  });
  afterEach(() => rm(top, { recursive: true, force: true }));
  return folders;
}

/** Distinct colours give distinct files. */
export function plain(colour: number, width = 8, height = 8): Sharp {
  const background = { r: colour & 255, g: (colour >> 8) & 255, b: (colour >> 16) & 255 };
  return sharp({ create: { width, height, channels: 3, background } });
}

/** The same noise every time: what compresses badly and scales visibly. */
export function noisy(width: number, height: number): Sharp {
  let state = 1;
  const data = Buffer.from(
    Array.from({ length: width * height * 3 }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 24;
    }),
  );
  return sharp(data, { raw: { width, height, channels: 3 } });
}

export type Tree = Readonly<Record<string, Uint8Array | string>>;

export async function writeTree(root: string, tree: Tree): Promise<void> {
  for (const [path, contents] of Object.entries(tree)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), contents);
  }
}

let colour = 1;

/** A PNG of its own for every path. */
export async function images(...paths: readonly string[]): Promise<Record<string, Buffer>> {
  const tree: Record<string, Buffer> = {};
  for (const path of paths) {
    colour += 40_503;
    tree[path] = await plain(colour).png().toBuffer();
  }
  return tree;
}

/** `prefix/class/0.png` ... for every class. */
export function imagesOf(prefix: string, classes: readonly string[], count = 2) {
  return images(
    ...classes.flatMap((name) =>
      Array.from({ length: count }, (_, i) => `${prefix}${name}/${i}.png`),
    ),
  );
}

export async function tar(tree: Tree): Promise<Buffer> {
  const archive = pack();
  for (const [name, contents] of Object.entries(tree)) {
    archive.entry({ name, mtime: new Date(0) }, contents);
  }
  archive.finalize();
  const parts: Uint8Array[] = [];
  for await (const part of archive) {
    if (part instanceof Uint8Array) parts.push(part);
  }
  return Buffer.concat(parts);
}

export async function tarGz(tree: Tree): Promise<Buffer> {
  return gzipSync(await tar(tree));
}

/** What a promise was refused with, which must be an error made for a reader. */
export async function refusal(work: Promise<unknown>): Promise<RuntimeError> {
  const error: unknown = await work.then(
    () => new Error('nothing was refused'),
    (reason: unknown) => reason,
  );
  if (error instanceof RuntimeError) {
    expect(error.hint, `${error.code} says what would work`).not.toBeNull();
    return error;
  }
  throw error;
}
