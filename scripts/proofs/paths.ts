/**
 * Names and links that lead elsewhere, on every way in and out: in `extends`, in photos, in archives, in run folders, in
 * tfjs models, in names of networks, and in the places that files are written to. Beside each root lies a folder that must
 * be neither read nor changed.
 */

import { execFileSync } from 'node:child_process';
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { type Header, pack } from 'tar-stream';
import { loadTfjsModel, saveTfjsModel } from '../../compiler/7-emit/tfjs/index.ts';
import { writeBundle } from '../../compiler/7-emit/write-bundle.ts';
import { initialize } from '../../compiler/weights/index.ts';
import { loadDataset } from '../../runtime/data/index.ts';
import { writeFileAtomic } from '../../runtime/files/atomic-write.ts';
import { assertInside, fileNameOf } from '../../runtime/files/contained.ts';
import { RuntimeError } from '../../runtime/runtime-error.ts';
import { readWeights } from '../../runtime/train/read-weights.ts';
import { run } from '../../test/cli/run.ts';
import type { Proof } from './harness.ts';
import { tinyGraph, tinyRun } from './tiny.ts';

/** Where a vector is tried: `outside` lies beside `root`, and so does the file with the secret. */
interface Place {
  readonly root: string;
  readonly outside: string;
  readonly secret: string;
}

interface Vector {
  readonly name: string;
  /** Gives a code, `fine`, or throws; text that holds the secret has failed. */
  readonly work: (place: Place) => Promise<string>;
  readonly expected: string;
}

const secret = 'THE SECRET';

export const proof: Proof = {
  name: 'paths',
  promise: 'Nothing is read or written outside of the folders that the user names',
  unit: 'vectors',
  seconds: 60,
  cases: 1000,
  run: async (trial) => {
    png = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#123456' } })
      .png()
      .toBuffer();
    for (const { name, work, expected } of trial.named(vectors())) {
      await trial.check(name, async () => {
        const top = mkdtempSync(path.join(trial.folder, 'place-'));
        const place = {
          root: path.join(top, 'root'),
          outside: path.join(top, 'outside'),
          secret: path.join(top, 'outside/secret.yaml'),
        };
        mkdirSync(place.root);
        mkdirSync(place.outside);
        writeFileSync(place.secret, secret);
        const outcome = await outcomeOf(() => work(place));
        const there = readdirSync(place.outside).join();
        if (there !== 'secret.yaml') return `the folder outside holds ${there}`;
        if (readFileSync(place.secret, 'utf8') !== secret) return 'the file outside was changed';
        if (readdirSync(top).sort().join() !== 'outside,root')
          return 'something lies beside the root';
        if (outcome.includes(secret)) return `it tells the secret: ${outcome}`;
        rmSync(top, { recursive: true });
        return outcome.startsWith(expected) ? undefined : `${outcome} instead of ${expected}`;
      });
    }
  },
};

let png = Buffer.alloc(0);

async function outcomeOf(work: () => Promise<string>): Promise<string> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RuntimeError)
      return `${error.code} ${error.message} ${error.notes.join()}`;
    throw error;
  }
}

function vectors(): readonly Vector[] {
  return [...extending(), ...photoFolders(), ...archives(), ...runs(), ...named(), ...written()];
}

/** What an architecture may extend: a plain YAML file. */
function extending(): readonly Vector[] {
  const by = (
    name: string,
    reference: string,
    prepare: (place: Place) => void = () => undefined,
  ) => ({
    name: `extends ${name}`,
    expected: '1 ',
    work: async (place: Place) => {
      prepare(place);
      const file = path.join(place.root, 'a.yaml');
      const text = reference.replace('OUTSIDE', place.outside);
      writeFileSync(file, `extends: ${JSON.stringify(text)}\n`);
      const { code, stdout, stderr } = await run(['compile', file]);
      return `${code} ${stdout}${stderr}`.replaceAll(place.outside, '');
    },
  });
  return [
    by('/etc/passwd', '/etc/passwd'),
    by('up and out, no YAML', '../outside/secret.txt'),
    by('a device', '/dev/zero'),
    by('a device called YAML', 'zero.yaml', ({ root }) =>
      symlinkSync('/dev/zero', path.join(root, 'zero.yaml')),
    ),
    by('a pipe', 'pipe.yaml', ({ root }) => execFileSync('mkfifo', [path.join(root, 'pipe.yaml')])),
    by('a folder', '.'),
    by('a drive', 'C:\\Windows\\win.ini'),
    by('a share', '\\\\server\\share\\a.yaml'),
    by('a URL', 'file:///etc/passwd.yaml'),
    by('percent signs', '%2e%2e/outside/secret.yaml'),
    by('NUL', 'a\u0000.yaml'),
    by('NUL behind the ending', 'a.yaml\u0000.txt'),
    by('a circle of links', 'loop.yaml', ({ root }) =>
      symlinkSync('loop.yaml', path.join(root, 'loop.yaml')),
    ),
    by('a name of 5000 letters', `${'a'.repeat(5000)}.yaml`),
  ];
}

async function dataOf(place: Place, root = place.root): Promise<string> {
  const cacheDir = path.join(place.root, '.cache');
  const { train, warnings } = await loadDataset({ root, seed: 1, storageSize: 8, cacheDir });
  return `fine ${train.count} ${warnings.map(({ code }) => code).join()}`;
}

function photoFolders(): readonly Vector[] {
  const by = (name: string, expected: string, prepare: (place: Place) => void) => ({
    name: `photos: ${name}`,
    expected,
    work: async (place: Place) => {
      for (const label of ['a', 'b']) {
        mkdirSync(path.join(place.root, label));
        writeFileSync(path.join(place.root, label, '1.png'), png);
      }
      prepare(place);
      return dataOf(place);
    },
  });
  const inA = ({ root }: Place, name: string) => path.join(root, 'a', name);
  return [
    by('a link to a file outside', 'E507', (p) => symlinkSync(p.secret, inA(p, '2.png'))),
    by('a link to a folder outside', 'E507', (p) => symlinkSync(p.outside, inA(p, 'more'))),
    by('a relative link outside', 'E507', (p) =>
      symlinkSync('../../outside/secret.yaml', inA(p, '2.png')),
    ),
    by('a link to /', 'E507', (p) => symlinkSync('/', inA(p, 'all'))),
    by('a circle of folders', 'E507', (p) => symlinkSync('..', inA(p, 'again'))),
    by('a link that leads nowhere', 'E507', (p) => symlinkSync('nowhere', inA(p, '2.png'))),
    by('a link inside', 'fine 3', (p) => symlinkSync('1.png', inA(p, '2.png'))),
    by('a hard link inside', 'fine 3', (p) => linkSync(inA(p, '1.png'), inA(p, '2.png'))),
    by('a pipe', 'fine 2', (p) => execFileSync('mkfifo', [inA(p, '2.png')])),
    by('a device', 'E507', (p) => symlinkSync('/dev/zero', inA(p, '2.png'))),
    // The first begins with a dot, and is hidden.
    by('names of two systems', 'fine 3', (p) => {
      for (const name of ['..\\x.png', 'C:.png']) writeFileSync(inA(p, name), png);
    }),
  ];
}

/** Nothing of an archive is unpacked; one that tries to climb out is refused as a whole. */
function archives(): readonly Vector[] {
  const entry = (name: string, expected: string, header: Partial<Header> = {}, zipped = false) => ({
    name: `archive: ${JSON.stringify(name)}${header.type ? `, ${header.type}` : ''}`,
    expected,
    work: async (place: Place) => {
      const archive = pack();
      for (const sound of ['a/1.png', 'b/1.png']) archive.entry({ name: sound }, png);
      const hasBytes = header.type === undefined;
      archive.entry({ name, ...header, size: hasBytes ? png.length : 0 }, hasBytes ? png : '');
      archive.finalize();
      const parts: Buffer[] = [];
      for await (const part of archive) parts.push(Buffer.from(part as Uint8Array));
      const bytes = Buffer.concat(parts);
      const file = path.join(place.root, 'photos.tar');
      writeFileSync(file, zipped ? gzipSync(bytes) : bytes);
      return dataOf(place, file);
    },
  });
  return [
    entry('../outside/x.png', 'E505'),
    entry('../outside/x.png', 'E505', {}, true),
    entry('a/../../outside/x.png', 'E505'),
    entry('/etc/x.png', 'E505'),
    entry('C:\\x.png', 'E505'),
    entry('c:x.png', 'E505'),
    entry('..\\outside\\x.png', 'E505'),
    entry('\\\\server\\share\\x.png', 'E505'),
    entry('a/1.png', 'E505'),
    entry('./a/1.png', 'E505'),
    entry('a/%2e%2e/x.png', 'fine 3'),
    entry('a/link.png', 'fine 2', { type: 'symlink', linkname: '/etc/passwd' }),
    entry('a/link.png', 'fine 2', { type: 'link', linkname: '../outside/secret.yaml' }),
    entry('a/device.png', 'fine 2', { type: 'block-device' }),
    entry('a/pipe.png', 'fine 2', { type: 'fifo' }),
  ].map((vector, i) => ({ ...vector, name: `${vector.name} (${i})` }));
}

/** The folder of a run, and of a tfjs model, as someone else may have made it. */
function runs(): readonly Vector[] {
  const weights = initialize(tinyGraph, 1);
  const swap = (file: string, link: (to: string, file: string) => void, to: string) => {
    writeFileSync(to, readFileSync(file));
    rmSync(file);
    link(to, file);
  };
  const ofRun = (name: string, link: (to: string, file: string) => void) => ({
    name: `run: weights by ${name}`,
    expected: 'E806',
    work: async (place: Place) => {
      await tinyRun(place.root, { recipe: { epochs: 1, batch: 4 } });
      const file = path.join(place.root, 'weights.safetensors');
      swap(file, link, path.join(place.root, 'elsewhere'));
      await readWeights(file, tinyGraph);
      return 'fine';
    },
  });
  const ofModel = (name: string, expected: string, change: (folder: string) => void) => ({
    name: `model: ${name}`,
    expected,
    work: async ({ root }: Place) => {
      await saveTfjsModel(tinyGraph, weights, root);
      change(root);
      await loadTfjsModel(root);
      return 'fine';
    },
  });
  const paths = (to: string) => (folder: string) => {
    const file = path.join(folder, 'model.json');
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace('["weights.bin"]', JSON.stringify([to])),
    );
  };
  return [
    ofRun('a symbolic link', symlinkSync),
    ofRun('a hard link', linkSync),
    {
      name: 'run: weights named by the user may be a link',
      expected: 'fine',
      work: async ({ root }) => {
        await tinyRun(root, { recipe: { epochs: 1, batch: 4 } });
        symlinkSync('weights.safetensors', path.join(root, 'link.safetensors'));
        await readWeights(path.join(root, 'link.safetensors'), tinyGraph, { named: true });
        return 'fine';
      },
    },
    ofModel('weights at ../outside', 'E802', paths('../outside/secret.yaml')),
    ofModel('weights at an absolute path', 'E802', paths('/etc/passwd')),
    ofModel('weights on a drive', 'E802', paths('C:\\weights.bin')),
    ofModel('weights by a link', 'E806', (folder) =>
      swap(path.join(folder, 'weights.bin'), symlinkSync, path.join(folder, 'x')),
    ),
    ofModel('model.json by a hard link', 'E806', (folder) =>
      swap(path.join(folder, 'model.json'), linkSync, path.join(folder, 'x')),
    ),
  ];
}

/** A name of a network becomes one part of a path. */
function named(): readonly Vector[] {
  const names = [
    ...[
      '../../outside/x',
      '/outside',
      '..',
      '.',
      '...',
      'a/b',
      'a\\b',
      'C:\\x',
      '\\\\server\\share',
    ],
    ...[
      '%2e%2e%2fx',
      'a\u0000b',
      'con',
      'NUL.txt',
      'com1',
      'x.',
      'x ',
      '-rf',
      '~',
      '$HOME',
      '名前',
      '',
    ],
    ...['a'.repeat(300), 'a\nb', '\u202ex', '.hidden', '..x', 'aux.'],
  ];
  return [
    ...names.map((name) => ({
      name: `name: ${JSON.stringify(name.slice(0, 20))}`,
      expected: 'fine',
      work: async () => {
        const file = fileNameOf(name);
        const sound = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,80}$/.test(file) && !/[.]$/.test(file);
        const isDevice = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(file);
        return sound && !isDevice ? 'fine' : file;
      },
    })),
    {
      name: 'compile --out of two networks, one called ../outside',
      expected: '0',
      work: async ({ root }) => {
        const layers =
          'input: { height: 8, width: 8 }\nclasses: 3\nlayers: [globalAvgPool, { op: dense, units: classes }]\n';
        const files = ['a', '../../outside/x'].map((name, i) => {
          const file = path.join(root, `${i}.yaml`);
          writeFileSync(file, `version: 1\nname: ${JSON.stringify(name)}\n${layers}`);
          return file;
        });
        const { code, stderr } = await run([
          'compile',
          ...files,
          '--out',
          path.join(root, 'models'),
        ]);
        return `${code} ${stderr}`;
      },
    },
  ];
}

/** What stands where a file is to be written. */
function written(): readonly Vector[] {
  const over = (name: string, link: (to: string, file: string) => void) => ({
    name: `write: over ${name}`,
    expected: 'fine',
    work: async (place: Place) => {
      const file = path.join(place.root, 'report.html');
      link(place.secret, file);
      await writeFileAtomic(file, 'new');
      return readFileSync(file, 'utf8') === 'new' ? 'fine' : 'not written';
    },
  });
  const bundle = new Map([['model.mjs', Buffer.from('x')]]);
  return [
    over('a symbolic link', symlinkSync),
    over('a hard link', linkSync),
    {
      name: 'write: a link where the temporary file will be',
      expected: 'fine',
      work: async (place) => {
        for (let i = 0; i < 3000; i++) {
          symlinkSync(place.secret, path.join(place.root, `.a.txt.${process.pid}-${i}.tmp`));
        }
        await writeFileAtomic(path.join(place.root, 'a.txt'), 'new');
        return 'fine';
      },
    },
    {
      name: 'write: a folder of the run that is a link',
      expected: 'E520',
      work: async ({ root, outside }) => {
        symlinkSync(outside, path.join(root, 'model'));
        await assertInside(root, path.join(root, 'model'));
        return 'fine';
      },
    },
    {
      name: 'write: over a module of someone else',
      expected: 'E702',
      work: async ({ root }) => {
        writeFileSync(path.join(root, 'model.mjs'), 'mine');
        await writeBundle(root, bundle, { force: false });
        return 'fine';
      },
    },
    {
      name: 'write: over a link, by force',
      expected: 'fine',
      work: async ({ root, secret: to }) => {
        symlinkSync(to, path.join(root, 'model.mjs'));
        await writeBundle(root, bundle, { force: true });
        return 'fine';
      },
    },
    {
      name: 'write: over a tfjs model of someone else',
      expected: 'E702',
      work: async ({ root }) => {
        writeFileSync(path.join(root, 'model.json'), '{"format":"layers-model"}');
        await saveTfjsModel(tinyGraph, initialize(tinyGraph, 1), root);
        return 'fine';
      },
    },
    {
      name: 'write: init over a file',
      expected: '2',
      work: async ({ root }) => {
        const file = path.join(root, 'a.yaml');
        writeFileSync(file, 'mine');
        const { code, stderr } = await run(['init', file, '--classes', '3', '--style', 'plain']);
        return `${code} ${stderr}`;
      },
    },
    {
      name: 'write: into a file as if it were a folder',
      expected: 'E520',
      work: async ({ root }) => {
        writeFileSync(path.join(root, 'file'), '');
        await writeFileAtomic(path.join(root, 'file/a.txt'), 'x');
        return 'fine';
      },
    },
  ];
}
