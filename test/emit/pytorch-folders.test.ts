/** The training project finds the photos that netlathe finds: the same trees of folders, listed by both. */
import { spawnSync } from 'node:child_process';
import { mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadSplits } from '../../cli/train-session.ts';
import type { ImageSet } from '../../runtime/data/index.ts';
import { RuntimeError } from '../../runtime/runtime-error.ts';
import { type Recipe, resolveRecipe } from '../../runtime/train/recipe.ts';
import { freshFolders, images, imagesOf, writeTree } from '../data/fixtures.ts';
import { hasPython } from './pytorch-names.ts';

const folders = freshFolders();
const templates = path.resolve(import.meta.dirname, '../../templates/pytorch-train');

interface Wanted {
  readonly data?: Partial<Recipe['data']>;
  /** Names of the architecture; the folders give them where left out. */
  readonly classes?: readonly string[];
}

/** Paths below the root, and the place of the class. */
interface Found {
  readonly train: readonly (readonly [string, number])[];
  readonly validation: readonly (readonly [string, number])[];
}

const script = `
import json, os, sys
sys.path.insert(0, sys.argv[1])
from folders import find_photos
root = sys.argv[2]
found = find_photos(root, json.loads(sys.argv[3]), json.loads(sys.argv[4]))
below = lambda file: os.path.relpath(file, os.path.realpath(root)).replace(os.sep, "/")
print(json.dumps([[[below(file), place] for file, place in photos] for photos in found]))
`;

function inPython({ data = {}, classes }: Wanted, count: number): Found | string {
  const recipe = { data, seed: 7, labelled: classes !== undefined };
  const names = classes ?? Array.from({ length: count }, (_, i) => `class ${i}`);
  const args = [templates, folders.root, JSON.stringify(recipe), JSON.stringify(names)];
  const { stdout, stderr, status } = spawnSync('python3', ['-B', '-c', script, ...args], {
    encoding: 'utf8',
  });
  if (status !== 0) return stderr;
  const [train, validation] = JSON.parse(stdout) as [Found['train'], Found['validation']];
  return { train, validation };
}

async function inNetlathe({ data = {}, classes }: Wanted): Promise<Found & { count: number }> {
  const base = resolveRecipe({ seed: 7 });
  const recipe = { ...base, data: { ...base.data, ...data } };
  const options = { root: folders.root, seed: 7, storageSize: 8, cacheDir: folders.cache };
  const found = await loadSplits({ ...options, classes }, recipe, []);
  const listed = (set: ImageSet | null) =>
    (set?.paths ?? []).map((file, i) => [file, set?.labels[i] as number] as const);
  const { train, validation, classNames } = found;
  return { train: listed(train), validation: listed(validation), count: classNames.length };
}

const ab = ['a', 'b'];

/** Class folders, flat names, and what lies about. */
const trees: [string, readonly string[], Wanted?][] = [
  [
    'hidden files, and what macOS and NAS boxes leave',
    [
      ...['Train/a/1.png', 'Train/a/2.png', 'Train/a/._1.png', 'Train/.cache/3.png', 'VAL/a/4.png'],
      ...['Train/b/5.png', 'VAL/b/6.png', '__MACOSX/Train/a/7.png', 'Train/a/@eaDir/8.png'],
      ...['Train/b/.hidden/9.png', '@eaDir/10.png', 'Train/__MACOSX/11.png'],
    ],
  ],
  ['a folder around everything', ['zip/Food/a/1.png', 'zip/Food/a/2.png', 'zip/Food/b/3.png']],
  ['a folder around the splits', ['zip/train/a/1.png', 'zip/train/b/2.png', 'zip/test/a/3.png']],
  ['a folder around flat names', ['zip/0_1.png', 'zip/1_1.png', 'zip/1_2.png', 'zip/note.txt']],
  ['classes of one file each, beside a stray one', ['a/1.png', 'b/2.png', 'c_3.png']],
  ['endings', ['a/1.JPG', 'a/2.jfif', 'a/3.webp', 'a/4.gif', 'a/5', 'b/6.jpeg', 'b/7.PnG']],
  ['any depth', ['a/x/y/1.png', 'a/2.png', 'b/z/3.png', 'b/z.d/4.png']],
  ['numbers by value', ['10/1.png', '9/2.png', '0/3.png', '9/4.png']],
  ['places in a list of words', ['0_1.png', '1_2.png', '1_3.png'], { classes: ['pie', 'egg'] }],
  ['the order of the architecture', ['a/1.png', 'b/2.png', 'b/3.png'], { classes: ['b', 'a'] }],
  [
    'accents in one character and in two',
    ['train/cafe\u0301/1.png', 'train/b/2.png', 'val/caf\u00e9/3.png', 'val/b/4.png'],
    { classes: ['caf\u00e9', 'b'] },
  ],
  ['names beyond 16 bits', ['\u{1f600}/1.png', '\ufb01/2.png', 'a/3.png', 'a/\u{1f600}.png']],
  [
    'no validation',
    ['train/a/1.png', 'train/b/2.png', 'val/a/3.png'],
    { data: { validation: false } },
  ],
  [
    'a folder that trains, named without its case, in one with an accent',
    [
      'e\u0301/Extra/a/1.png',
      'e\u0301/Extra/b/2.png',
      'e\u0301/train/a/3.png',
      'e\u0301/Extra/a/4.png',
    ],
    { data: { train: './extra/' } },
  ],
  [
    'two that train',
    ['val/a/1.png', 'train/a/2.png', 'train/b/3.png', 'val/b/4.png'],
    { data: { train: ['val', 'train'] } },
  ],
  [
    'the test folder validates',
    ['train/a/1.png', 'train/b/2.png', 'val/a/3.png', 'test/b/4.png', 'test/a/5.png'],
    { data: { validation: 'test' } },
  ],
];

const refused: [string, readonly string[], Wanted?][] = [
  ['nothing', ['a/1.txt']],
  ['no label', ['train/1.png', 'train/2.png', 'val/a/3.png']],
  ['two that could train', ['train/a/1.png', 'Training/b/2.png']],
  ['none that trains', ['test/a/1.png', 'val/b/2.png']],
  ['a class that does not validate', ['train/a/1.png', 'train/b/2.png', 'val/a/3.png']],
  ['a class that does not train', ['train/a/1.png', 'train/b/2.png', 'val/c/3.png', 'val/a/4.png']],
  ['a class that nobody knows', ['a/1.png', 'c/2.png'], { classes: ab }],
  ['a class without photos', ['a/1.png', 'b/2.png'], { classes: ['a', 'b', 'c'] }],
  ['a folder that is not there', ['a/1.png', 'b/2.png'], { data: { train: 'x' } }],
  ['one folder twice', ['t/a/1.png', 't/b/2.png', 'u/a/3.png'], { data: { train: ['t', 't/a'] } }],
  [
    'a folder and a share',
    ['train/a/1.png', 'train/b/2.png', 'val/a/3.png', 'val/b/4.png'],
    { data: { validation: 'val', holdOut: 0.5 } },
  ],
];

describe.skipIf(!hasPython)('the same photos as netlathe (needs python3)', () => {
  async function expectSame(wanted: Wanted = {}): Promise<void> {
    const { count, ...ours } = await inNetlathe(wanted);
    expect(inPython(wanted, count)).toEqual(ours);
    expect(ours.train.length).toBeGreaterThan(0);
  }

  /** Both say why, and neither by breaking down. */
  async function expectRefused(wanted: Wanted = {}): Promise<void> {
    await expect(inNetlathe(wanted)).rejects.toBeInstanceOf(RuntimeError);
    const said = inPython(wanted, 2);
    expect(said).toEqual(expect.stringMatching(/^[^\n]+\n$/));
    expect(said).not.toContain('Traceback');
  }

  test.each(trees)('%s', async (_, paths, wanted) => {
    await writeTree(folders.root, await images(...paths));
    await expectSame(wanted);
  });

  test.each(refused)('refused: %s', async (_, paths, wanted) => {
    await writeTree(folders.root, await images(...paths));
    await expectRefused(wanted);
  });

  test.each([undefined, 0.25, 0.9])('held out by contents: %s', async (holdOut) => {
    const tree = await imagesOf('train/', ab, 9);
    const copies = { 'train/a/copy.png': tree['train/a/0.png'] as Buffer };
    await writeTree(folders.root, { ...tree, ...copies });
    await expectSame(holdOut === undefined ? {} : { data: { holdOut } });
  });

  test.skipIf(process.platform === 'win32')('links', async () => {
    await writeTree(folders.root, await imagesOf('photos/', ab));
    const at = (name: string) => path.join(folders.root, name);
    await symlink(at('photos/a'), at('photos/c'));
    await symlink(at('photos/b/0.png'), at('photos/a/link.png'));
    await expectSame();
    await symlink(at('photos'), at('photos/b/up'));
    await expectRefused();
  });

  test.skipIf(process.platform === 'win32').each([
    ['leaves the folder', '..'],
    ['leads nowhere', 'nowhere'],
  ])('a link that %s', async (_, target) => {
    await writeTree(folders.root, await imagesOf('', ab));
    await mkdir(folders.cache, { recursive: true });
    await symlink(path.join(folders.root, target), path.join(folders.root, 'a/link'));
    await expectRefused();
  });
});
