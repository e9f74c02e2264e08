import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { arrange } from '../../runtime/data/layout.ts';
import { openSource } from '../../runtime/data/open-source.ts';
import { exampleTar } from '../../scripts/make-example-data.ts';
import { freshFolders, imagesOf, tar, tarGz } from './fixtures.ts';

const EXAMPLES = join(import.meta.dirname, '../../examples');
const ARCHIVE = join(EXAMPLES, 'cifar10-mini.tar.gz');

const folders = freshFolders();

test('the example is the one its page describes', async () => {
  const page = await readFile(join(EXAMPLES, 'README.md'), 'utf8');
  const bytes = gunzipSync(await readFile(ARCHIVE));
  expect(page).toContain(createHash('sha256').update(bytes).digest('hex'));
});

test('the example has ten classes of the same size in both splits', async () => {
  const { files } = await openSource(ARCHIVE);
  const paths = files.map(({ path }) => path);
  const layout = arrange({ root: ARCHIVE, paths, splits: {}, holdsOut: false });
  expect(layout.warnings).toEqual([]);
  for (const [images, count] of [
    [layout.train, 1250],
    [layout.validation, 250],
  ] as const) {
    const labels = images.map(({ label }) => label);
    expect(new Set(labels).size).toBe(10);
    for (const label of new Set(labels)) {
      expect(labels.filter((other) => other === label)).toHaveLength(count);
    }
  }
});

test('the same choice comes from an archive packed in another order', async () => {
  const tree = await imagesOf('train/', ['cat', 'dog'], 6);
  const jpegs = Object.entries(tree).map(([path, bytes]) => [path.replace('.png', '.jpg'), bytes]);
  const path = join(folders.root, 'a.tar');
  await writeFile(path, await tar(Object.fromEntries(jpegs)));
  const other = join(folders.root, 'b.tgz');
  await writeFile(other, await tarGz(Object.fromEntries(jpegs.reverse())));
  const first = await exampleTar(path, 3, 2);
  expect(await exampleTar(other, 3, 2)).toEqual(first);
  await writeFile(path, first);
  expect((await openSource(path)).files).toHaveLength(10);
});
