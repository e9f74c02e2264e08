import {
  mkdir,
  readdir,
  readFile,
  rename,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { prune } from '../../runtime/data/cache-folder.ts';
import { type Dataset, type DatasetOptions, loadDataset } from '../../runtime/data/index.ts';
import { freshFolders, images, imagesOf, plain, refusal, tarGz, writeTree } from './fixtures.ts';

const folders = freshFolders();

function load(options: Partial<DatasetOptions> = {}): Promise<Dataset> {
  const { root, cache: cacheDir } = folders;
  return loadDataset({ root, cacheDir, seed: 1, storageSize: 16, ...options });
}

function codes({ warnings }: Dataset): string[] {
  return warnings.map(({ code }) => code);
}

async function cacheFiles(): Promise<string[]> {
  return (await readdir(folders.cache).catch(() => [])).sort();
}

async function twoSplits() {
  const train = await imagesOf('train/', ['cat', 'dog'], 3);
  return { ...train, ...(await imagesOf('val/', ['cat', 'dog'], 1)) };
}

describe('a data set', () => {
  test('gives every image its pixels, label and path, in shared memory', async () => {
    const tree = {
      ...(await twoSplits()),
      'train/cat/9.png': await plain(77, 5, 3).png().toBuffer(),
    };
    await writeTree(folders.root, tree);
    const data = await load();
    expect(data.classNames).toEqual(['cat', 'dog']);
    expect(data.warnings).toEqual([]);
    const { train, validation } = data;
    expect([train.count, validation?.count]).toEqual([7, 2]);
    expect([...train.labels]).toEqual([0, 0, 0, 0, 1, 1, 1]);
    expect(train.paths[3]).toBe('train/cat/9.png');
    expect([train.widths[3], train.heights[3]]).toEqual([5, 3]);
    expect(train.pixels.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(validation?.pixels).toBe(train.pixels);
    for (const set of [train, validation ?? train]) {
      for (let i = 0; i < set.count; i++) {
        const at = set.offsets[i] ?? -1;
        const size = (set.widths[i] ?? 0) * (set.heights[i] ?? 0) * 3;
        const expected = await sharp(tree[set.paths[i] as keyof typeof tree])
          .raw()
          .toBuffer();
        expect(Buffer.from(set.pixels.slice(at, at + size))).toEqual(expected);
      }
    }
  });

  test('is the same from a folder and from an archive packed in any order', async () => {
    const tree = await twoSplits();
    await writeTree(folders.root, tree);
    const path = join(dirname(folders.root), 'data.tgz');
    await writeFile(path, await tarGz(Object.fromEntries(Object.entries(tree).reverse())));
    const [folder, archive] = [await load(), await load({ root: path })];
    expect(archive.fingerprint).toBe(folder.fingerprint);
    expect(archive.train.paths).toEqual(folder.train.paths);
    const first = ({ train }: Dataset) =>
      train.pixels.slice(train.offsets[0], (train.offsets[0] ?? 0) + 192);
    expect(first(archive)).toEqual(first(folder));
  });

  test('merges splits, and holds out by seed', async () => {
    await writeTree(folders.root, await twoSplits());
    const merged = await load({ splits: { train: ['train', 'val'] } });
    expect([merged.train.count, merged.validation]).toEqual([8, null]);
    expect(codes(merged)).toEqual(['W507']);
    const held = await load({ splits: { train: ['train', 'val'] }, validationFraction: 0.25 });
    expect([held.train.count, held.validation?.count]).toEqual([6, 2]);
    expect(held.fromCache).toBe(true);
    const again = await load({ splits: { train: ['train', 'val'] }, validationFraction: 0.25 });
    expect(again.fingerprint).toBe(held.fingerprint);
  });

  test('has another fingerprint when a label, an image or the size changes', async () => {
    await writeTree(folders.root, await twoSplits());
    const seen = new Set([
      (await load()).fingerprint,
      (await load({ storageSize: 15 })).fingerprint,
    ]);
    // What the photos are does not depend on the size that is kept of them.
    const { contents } = await load();
    expect((await load({ storageSize: 15 })).contents).toBe(contents);
    await rename(join(folders.root, 'train/cat/0.png'), join(folders.root, 'train/dog/00.png'));
    seen.add((await load()).fingerprint);
    expect((await load()).contents).not.toBe(contents);
    await writeTree(folders.root, await images('train/dog/1.png'));
    seen.add((await load()).fingerprint);
    expect(seen.size).toBe(4);
  });

  test.each<Partial<DatasetOptions>>([
    { validationFraction: 0 },
    { validationFraction: 1 },
    { validationFraction: 0.1, splits: { validation: 'val' } },
    { storageSize: 0 },
    { maxBad: 2 },
  ])('refuses %j', async (options) => {
    expect((await refusal(load(options))).code).toBe('E511');
  });
});

describe('images that are not sound', () => {
  test('are skipped and named up to maxBad, refused beyond it', async () => {
    const tree = await twoSplits();
    await writeTree(folders.root, { ...tree, 'train/cat/bad.jpg': 'nonsense' });
    const error = await refusal(load());
    expect(error.code).toBe('E504');
    expect(error.message).toBe('1 of 9 images cannot be decoded; at most 1 % may be bad');
    const onDisk = join(folders.root, 'train/cat/bad.jpg');
    expect(error.notes).toEqual([`${onDisk}: not a JPEG, PNG or WebP`]);
    expect(error.hint).toBe('repair them or take them out');
    for (const fromCache of [true, true]) {
      const data = await load({ maxBad: 0.112 });
      expect([data.fromCache, data.train.count]).toEqual([fromCache, 6]);
      expect(data.skipped).toEqual([
        { path: 'train/cat/bad.jpg', reason: 'not a JPEG, PNG or WebP' },
      ]);
      expect(codes(data)).toEqual(['W503']);
    }
  });

  test('never empty a class in silence', async () => {
    const tree = await imagesOf('', ['cat', 'dog'], 2);
    await writeTree(folders.root, { ...tree, 'owl/1.jpg': 'nonsense' });
    const error = await refusal(load({ maxBad: 1 }));
    expect([error.code, error.message]).toEqual([
      'E502',
      'no image for training that can be decoded: "owl"',
    ]);
  });

  test('a file over the cap is not even read', async () => {
    await writeTree(folders.root, { ...(await twoSplits()), 'train/cat/huge.jpg': '' });
    await truncate(join(folders.root, 'train/cat/huge.jpg'), 2 ** 26 + 1);
    const data = await load({ maxBad: 0.5 });
    expect(data.skipped).toEqual([{ path: 'train/cat/huge.jpg', reason: 'larger than 64 MiB' }]);
  });

  test('a wrong extension is read by content, with a warning', async () => {
    const jpeg = await plain(99).jpeg().toBuffer();
    await writeTree(folders.root, { ...(await twoSplits()), 'train/cat/x.png': jpeg });
    const data = await load();
    expect([data.train.count, codes(data)]).toEqual([7, ['W508']]);
  });
});

describe('copies', () => {
  test('in both splits, and under two classes, are named in pairs', async () => {
    const tree = await twoSplits();
    const copy = tree['train/cat/1.png'] as Buffer;
    const other = tree['train/cat/2.png'] as Buffer;
    await writeTree(folders.root, {
      ...tree,
      'val/cat/copy.png': copy,
      'train/dog/copy.png': other,
    });
    const { warnings } = await load();
    expect(warnings.map(({ code, places }) => [code, places])).toEqual([
      ['W501', [['train/cat/1.png', 'val/cat/copy.png']]],
      ['W509', [['train/cat/2.png', 'train/dog/copy.png']]],
    ]);
  });
});

describe('the cache', () => {
  test('decodes once, and again when a file changes', async () => {
    await writeTree(folders.root, await twoSplits());
    const progress: string[] = [];
    const onProgress = ({ done, total }: { done: number; total: number }) =>
      progress.push(`${done}/${total}`);
    const first = await load({ onProgress });
    expect([first.fromCache, progress[0], progress.at(-1)]).toEqual([false, '0/8', '8/8']);
    progress.length = 0;
    const second = await load({ onProgress });
    expect([second.fromCache, progress]).toEqual([true, []]);
    expect(second.train.pixels).toEqual(first.train.pixels);
    await utimes(join(folders.root, 'val/dog/0.png'), 1, 1);
    const third = await load();
    expect([third.fromCache, third.fingerprint]).toEqual([false, first.fingerprint]);
  });

  test('is made anew when any part of it is damaged', async () => {
    await writeTree(folders.root, await twoSplits());
    const { fingerprint } = await load();
    const [name = ''] = await cacheFiles();
    const path = join(folders.cache, name);
    const sound = await readFile(path);
    const flip = (at: number) => {
      const bytes = Buffer.from(sound);
      bytes[at] = (bytes[at] ?? 0) ^ 4;
      return bytes;
    };
    const end = sound.byteLength;
    const index = end - 300;
    const damaged = [0, 7, 8, 500, index, end - 48, end - 41, end - 40, end - 20, end - 1].map(
      flip,
    );
    const cut = [0, 1, 8, 56, 57, 100, end - 1].map((length) => sound.subarray(0, length));
    for (const bytes of [...damaged, ...cut, Buffer.concat([sound, Buffer.alloc(1)])]) {
      await writeFile(path, bytes);
      const data = await load();
      expect([data.fromCache, codes(data), data.fingerprint]).toEqual([
        false,
        ['W510'],
        fingerprint,
      ]);
      expect(await readFile(path)).toEqual(sound);
    }
  });

  test('leaves nothing behind when stopped', async () => {
    await writeTree(folders.root, await imagesOf('', ['cat', 'dog'], 40));
    const controller = new AbortController();
    const onProgress = ({ done }: { done: number }) => {
      if (done === 30) controller.abort(new Error('stopped by the user'));
    };
    const loading = load({ onProgress, signal: controller.signal });
    await expect(loading).rejects.toThrow('stopped by the user');
    expect(await cacheFiles()).toEqual([]);
    expect((await load()).train.count).toBe(80);
  });

  test('leaves nothing behind when a file cannot be read', async () => {
    const tree = await twoSplits();
    await writeTree(folders.root, tree);
    const onProgress = async ({ done }: { done: number }) => {
      if (done === 0) await truncate(join(folders.root, 'val/dog/0.png'), 3);
    };
    expect((await refusal(load({ onProgress }))).code).toBe('E506');
    expect(await cacheFiles()).toEqual([]);
  });

  test('stays within its bound, without the file in use', async () => {
    await writeTree(folders.root, await twoSplits());
    await load({ storageSize: 8 });
    const [first = ''] = await cacheFiles();
    await utimes(join(folders.cache, first), 1000, 1000);
    await load({ storageSize: 7 });
    const both = await cacheFiles();
    const second = both.find((name) => name !== first) ?? '';
    await utimes(join(folders.cache, second), 500, 500);
    // A hit marks the first as used now, so the second is the one to go.
    expect((await load({ storageSize: 8 })).fromCache).toBe(true);
    await load({ storageSize: 6, maxCacheBytes: 7000 });
    const left = await cacheFiles();
    expect(left).toHaveLength(2);
    expect(left).toContain(first);
    await load({ storageSize: 5, maxCacheBytes: 1 });
    expect(await cacheFiles()).toHaveLength(1);
  });

  test('sweeps what a killed run left, and nothing else', async () => {
    await mkdir(folders.cache);
    const dead = '.abc.images.999999999-1.tmp';
    const alive = `.abc.images.${process.pid}-1.tmp`;
    for (const name of [dead, alive, 'notes.txt', '.x.json.999999999-1.tmp']) {
      await writeFile(join(folders.cache, name), 'x');
    }
    await prune(folders.cache, '', 0);
    expect(await cacheFiles()).toEqual([alive, '.x.json.999999999-1.tmp', 'notes.txt'].sort());
  });

  test('that cannot be written is refused with the reason', async () => {
    await writeTree(folders.root, await twoSplits());
    const cacheDir = join(folders.root, 'train/cat/0.png', 'cache');
    const error = await refusal(load({ cacheDir }));
    expect([error.code, error.path?.startsWith(cacheDir)]).toEqual(['E520', true]);
  });
});

test('a link out of the data folder stops everything', async () => {
  await writeTree(folders.root, await twoSplits());
  await symlink('/etc/hostname', join(folders.root, 'train/cat/x.jpg'));
  expect((await refusal(load())).code).toBe('E507');
});

test('an error is plain data', async () => {
  const error = await refusal(load({ root: join(folders.root, 'nowhere') }));
  expect(JSON.parse(JSON.stringify(error))).toMatchObject({
    code: 'E501',
    severity: 'error',
    message: 'this folder does not exist',
    path: join(folders.root, 'nowhere'),
    hint: expect.stringContaining('one folder a class'),
  });
});
