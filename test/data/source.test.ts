import { mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { describe, expect, test } from 'vitest';
import { openSource } from '../../runtime/data/open-source.ts';
import { freshFolders, refusal, type Tree, tar, tarGz, writeTree } from './fixtures.ts';

const folders = freshFolders();

async function listing(root: string): Promise<string[]> {
  return (await openSource(root)).files.map(({ path }) => path);
}

async function contents(root: string): Promise<Record<string, string>> {
  const source = await openSource(root);
  const wanted = new Set(source.files.map(({ path }) => path));
  const found: Record<string, string> = {};
  for await (const { path, load } of source.read(wanted)) {
    found[path] = Buffer.from(await load()).toString();
  }
  return found;
}

async function archive(bytes: Uint8Array): Promise<string> {
  const path = join(folders.root, 'data.archive');
  await writeFile(path, bytes);
  return path;
}

const TREE: Tree = {
  'b/2.jpg': 'two',
  'a/1.jpg': 'one',
  'a/Zoë 猫.jpg': 'three',
  'note.txt': 'four',
};

describe('the same files, in the same order', () => {
  const sorted = ['a/1.jpg', 'a/Zoë 猫.jpg', 'b/2.jpg', 'note.txt'];

  test('from a folder', async () => {
    await writeTree(folders.root, {
      ...TREE,
      '.DS_Store': '',
      'a/._1.jpg': '',
      '__MACOSX/a.jpg': '',
    });
    expect(await listing(folders.root)).toEqual(sorted);
    expect(await contents(folders.root)).toEqual(TREE);
  });

  test.each([
    ['a tar', tar],
    ['a tar.gz', tarGz],
  ])('from %s', async (_, packed) => {
    const path = await archive(await packed({ ...TREE, './.hidden/x.jpg': '', 'a/._1.jpg': '' }));
    expect(await listing(path)).toEqual(sorted);
    expect(await contents(path)).toEqual(TREE);
  });

  test('a leading ./ and names longer than a tar header', async () => {
    const long = `${'folder/'.repeat(30)}x.jpg`;
    const path = await archive(await tar({ './a/1.jpg': 'one', [long]: 'two' }));
    expect(await listing(path)).toEqual(['a/1.jpg', long]);
  });
});

describe('a root that cannot be used', () => {
  test('is not there', async () => {
    const error = await refusal(openSource(join(folders.root, 'nowhere')));
    expect([error.code, error.path]).toEqual(['E501', join(folders.root, 'nowhere')]);
  });

  test.each([
    ['zip', Buffer.from('PK\u0003\u0004'), 'a zip'],
    ['xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a]), 'an xz'],
    ['text', Buffer.from('hello'), 'not an archive'],
    ['empty', Buffer.alloc(0), 'not an archive'],
  ])('%s', async (_, bytes, kind) => {
    const error = await refusal(openSource(await archive(bytes)));
    expect(error.code).toBe('E505');
    expect(error.message).toContain(kind);
  });
});

describe('links', () => {
  test('inside the folder are followed, to files and to folders', async () => {
    await writeTree(folders.root, { 'a/1.jpg': 'one' });
    await symlink(join(folders.root, 'a'), join(folders.root, 'b'));
    await symlink('1.jpg', join(folders.root, 'a', '2.jpg'));
    expect(await contents(folders.root)).toEqual({
      'a/1.jpg': 'one',
      'a/2.jpg': 'one',
      'b/1.jpg': 'one',
      'b/2.jpg': 'one',
    });
  });

  test('the root itself may be one', async () => {
    await writeTree(folders.root, { 'a/1.jpg': 'one' });
    const link = join(dirname(folders.root), 'link');
    await symlink(folders.root, link);
    expect(await listing(link)).toEqual(['a/1.jpg']);
  });

  test.each([
    ['out of the folder, to a file', '../secret.jpg'],
    ['out of the folder, to a folder', '..'],
    ['to nowhere', 'nothing.jpg'],
    ['in a circle', '.'],
    ['to a sibling with the same beginning', '../photos-2'],
  ])('%s are refused', async (_, target) => {
    await writeTree(dirname(folders.root), { 'secret.jpg': 'secret', 'photos-2/1.jpg': 'other' });
    await symlink(target, join(folders.root, 'link.jpg'));
    const error = await refusal(openSource(folders.root));
    expect([error.code, error.path]).toEqual(['E507', join(folders.root, 'link.jpg')]);
  });

  test('in an archive are left out', async () => {
    const packed = pack();
    packed.entry({ name: 'a/1.jpg' }, 'one');
    packed.entry({ name: 'a/2.jpg', type: 'symlink', linkname: '/etc/passwd' });
    packed.entry({ name: 'a/3.jpg', type: 'link', linkname: '../../x' });
    packed.finalize();
    const parts: Uint8Array[] = [];
    for await (const part of packed) if (part instanceof Uint8Array) parts.push(part);
    expect(await listing(await archive(Buffer.concat(parts)))).toEqual(['a/1.jpg']);
  });
});

describe('an archive that cannot be trusted', () => {
  test.each(['../x.jpg', 'a/../../x.jpg', '/etc/x.jpg', 'C:\\x.jpg', 'a\\..\\x.jpg'])(
    'holds %s',
    async (name) => {
      const error = await refusal(openSource(await archive(await tar({ [name]: 'x' }))));
      expect(error.code).toBe('E505');
      expect(error.message).toContain('unsafe path');
    },
  );

  test('holds a path twice', async () => {
    const both = Buffer.concat([
      (await tar({ 'a/1.jpg': 'one' })).subarray(0, 1024),
      await tar({ './a/1.jpg': 'two' }),
    ]);
    expect((await refusal(openSource(await archive(both)))).message).toContain('twice');
  });

  test('is cut short, wherever', async () => {
    const whole = await tarGz({ 'a/1.jpg': 'one'.repeat(1000), 'a/2.jpg': 'two' });
    for (const bytes of [whole.subarray(0, -9), whole.subarray(0, whole.byteLength / 2)]) {
      expect((await refusal(openSource(await archive(bytes)))).code).toBe('E505');
    }
    const plain = await tar({ 'a/1.jpg': 'one'.repeat(1000) });
    expect((await refusal(openSource(await archive(plain.subarray(0, 1500))))).code).toBe('E505');
  });

  test('has a wrong checksum or declares another length', async () => {
    for (const fromEnd of [8, 4]) {
      const bytes = await tarGz({ 'a/1.jpg': 'one' });
      const at = bytes.byteLength - fromEnd;
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      expect((await refusal(openSource(await archive(bytes)))).code).toBe('E505');
    }
  });

  test('unpacks to hundreds of times its size', async () => {
    const header = (await tar({ 'a/1.jpg': 'x' })).subarray(0, 512);
    const zeros = gzipSync(Buffer.alloc(2 ** 26), { level: 1 });
    const bytes = Buffer.concat([gzipSync(header), ...Array.from({ length: 5 }, () => zeros)]);
    const error = await refusal(openSource(await archive(bytes)));
    expect(error.message).toContain('more than 200 times its size');
  });
});

test('a file that changes after the listing is refused', async () => {
  await writeTree(folders.root, { 'a/1.jpg': 'one' });
  const source = await openSource(folders.root);
  await truncate(join(folders.root, 'a/1.jpg'), 1);
  for await (const { load } of source.read(new Set(['a/1.jpg']))) {
    expect((await refusal(load())).code).toBe('E506');
  }
});

test('a folder stops when told to', async () => {
  await mkdir(join(folders.root, 'a'));
  const stopped = AbortSignal.abort(new Error('stop'));
  await expect(openSource(folders.root, stopped)).rejects.toThrow('stop');
  const path = await archive(await tarGz(TREE));
  await expect(openSource(path, stopped)).rejects.toThrow('stop');
});
