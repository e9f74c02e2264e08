import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openAtomic, temporaryOwner, writeFileAtomic } from '../../runtime/files/atomic-write.ts';
import { WriteError } from '../../runtime/files/write-error.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'netlathe-files-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function failure(work: Promise<unknown>): Promise<WriteError> {
  const error: unknown = await work.then(
    () => new Error('nothing failed'),
    (reason: unknown) => reason,
  );
  if (error instanceof WriteError) return error;
  throw error;
}

describe('writeFileAtomic', () => {
  test('writes text and bytes, makes folders, replaces', async () => {
    const path = join(folder, 'a/b/file.txt');
    await writeFileAtomic(path, 'one');
    await writeFileAtomic(path, new Uint8Array([50, 51]));
    expect(await readFile(path, 'utf8')).toBe('23');
    expect(await readdir(join(folder, 'a/b'))).toEqual(['file.txt']);
  });

  test('comes back where no folder can be made, and where a file is in the way', async () => {
    // Node's own recursive mkdir never ends here.
    if (process.platform === 'linux') {
      const nowhere = await failure(writeFileAtomic('/proc/netlathe/a/file', 'x'));
      expect(nowhere.code).toBe('E520');
    }
    await writeFile(join(folder, 'taken'), '');
    expect((await failure(writeFileAtomic(join(folder, 'taken/a/file'), 'x'))).code).toBe('E520');
  });

  test('several at once leave one whole file', async () => {
    const path = join(folder, 'file');
    const texts = Array.from({ length: 8 }, (_, i) => String(i).repeat(100_000));
    await Promise.all(texts.map((text) => writeFileAtomic(path, text)));
    expect(texts).toContain(await readFile(path, 'utf8'));
    expect(await readdir(folder)).toEqual(['file']);
  });

  test('a folder in the way is a WriteError, and nothing is left', async () => {
    await mkdir(join(folder, 'file'));
    const error = await failure(writeFileAtomic(join(folder, 'file'), 'x'));
    expect([error.code, error.path]).toEqual(['E520', join(folder, 'file')]);
    expect(await readdir(folder)).toEqual(['file']);
  });
});

describe('openAtomic', () => {
  test('gathers small writes and keeps them apart from the caller’s buffer', async () => {
    const path = join(folder, 'file');
    const file = await openAtomic(path);
    const buffer = Buffer.alloc(1000);
    for (let i = 0; i < 3000; i++) await file.write(buffer.fill(i & 255));
    await file.commit();
    const written = await readFile(path);
    expect(written.byteLength).toBe(3_000_000);
    for (let i = 0; i < 3000; i++) expect(written[i * 1000 + 999]).toBe(i & 255);
  });

  test('the old file stands until commit, and after discard', async () => {
    const path = join(folder, 'file');
    await writeFile(path, 'old');
    const file = await openAtomic(path);
    await file.write(Buffer.alloc(3 << 20));
    expect(await readFile(path, 'utf8')).toBe('old');
    await file.discard();
    await file.discard();
    expect(await readdir(folder)).toEqual(['file']);
    expect(await readFile(path, 'utf8')).toBe('old');
  });

  test('names its process in the temporary file', async () => {
    const file = await openAtomic(join(folder, 'file'));
    const [name = ''] = await readdir(folder);
    expect(temporaryOwner(name)).toBe(process.pid);
    expect(temporaryOwner('.file.tmp')).toBeNull();
    await file.discard();
  });
});

test.skipIf(process.platform === 'win32')('a file over the limit of the process', async () => {
  // RLIMIT_FSIZE stands in for a full disk: write() fails half way, after some bytes went in.
  const script = `
    import { writeFileAtomic } from '${join(import.meta.dirname, '../../runtime/files/atomic-write.ts')}';
    process.on('SIGXFSZ', () => {});
    writeFileAtomic(process.argv[2], Buffer.alloc(4 << 20)).then(
      () => console.log('written'),
      (error) => console.log(error.code),
    );`;
  const path = join(folder, 'file');
  await writeFile(path, 'old');
  await writeFile(join(folder, 'write.mts'), script);
  const tsx = join(import.meta.dirname, '../../node_modules/.bin/tsx');
  const command = `ulimit -f 2048; exec "${tsx}" "${join(folder, 'write.mts')}" "${path}"`;
  const child = spawn('bash', ['-c', command]);
  let output = '';
  for await (const part of child.stdout) output += String(part);
  expect(output.trim()).toBe('E521');
  expect((await readdir(folder)).sort()).toEqual(['file', 'write.mts']);
  expect(await readFile(path, 'utf8')).toBe('old');
});
