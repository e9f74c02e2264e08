/** The app as a user makes it, and what Android's own tools say of it. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { slugOf } from '../../../compiler/7-emit/android/names.ts';
import { fileOf } from '../../../compiler/7-emit/android/zip.ts';
import { sha256 } from '../../../compiler/7-emit/ts/emit.ts';
import { loadModule } from '../../../compiler/7-emit/ts/load-module.ts';
import { exit, run } from '../../cli/run.ts';
import { framework, hasTools, tool } from './tools.ts';

const name = `@Küche "1" & <2> 'x' $y \\z`;
const yaml = `
version: 1
name: ${JSON.stringify(name)}
input: { height: 8, width: 8 }
classes: [a, b]
layers:
  - { op: conv2d, kernel: 3, filters: 4, padding: same }
  - globalAvgPool
  - { op: dense, units: classes }
`;
const templates = path.join(import.meta.dirname, '../../../templates/android');

let folder = '';
let apk = '';
const at = (...names: readonly string[]) => path.join(folder, ...names);
const emit = (out: string, ...more: readonly string[]) =>
  run([
    'emit',
    '--arch',
    at('net.yaml'),
    '--seed',
    '0',
    '--target',
    'android',
    '--out',
    at(out),
    ...more,
  ]);

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'netlathe-android-'));
  await writeFile(at('net.yaml'), yaml);
  const { code, stderr, stdout } = await emit('app', '--project');
  if (code !== exit.ok) throw new Error(stderr);
  expect(stderr).toContain('made a key to sign apps with');
  expect(stdout).toContain('self test of 3 images, simd: bit-equal');
  apk = at('app', `${slugOf(name)}.apk`);
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the key', () => {
  test('is made once, for its owner alone, and gives the same bytes again', async () => {
    const key = at('android-signing-key.pem');
    expect((await stat(key)).mode & 0o777).toBe(0o600);
    const made = await readFile(key, 'utf8');
    const check = await emit('app', '--project', '--check');
    expect(check).toMatchObject({ code: exit.ok, stderr: '' });
    const again = await emit('again');
    expect(again.stderr).toBe('');
    expect(await readFile(key, 'utf8')).toBe(made);
    expect(await readFile(at('again', path.basename(apk)))).toEqual(await readFile(apk));
  });

  test('that is missing is not made by --check', async () => {
    const { code, stderr } = await emit('app', '--check', '--key', at('nowhere.pem'));
    expect(code).toBe(exit.usage);
    expect(stderr).toContain('E705');
    expect(await readdir(folder)).not.toContain('nowhere.pem');
  });

  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const pem = { format: 'pem', type: 'pkcs8' } as const;
  const locked = { cipher: 'aes-256-cbc', passphrase: 'x' } as const;
  test.each([
    ['no key', 'hello', 'no private key'],
    ['locked', rsa.export({ ...pem, ...locked }), 'locked with a password'],
    [
      'of another kind',
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export(pem),
      'it holds an ec key',
    ],
    [
      'too short',
      generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export(pem),
      'rsa key of 1024 bits',
    ],
  ])('that is %s is refused', async (_, contents, message) => {
    await writeFile(at('bad.pem'), contents);
    const { code, stderr } = await emit('bad', '--key', at('bad.pem'));
    expect(code).toBe(exit.usage);
    expect(stderr).toContain(message);
  });

  test('of openssl is taken, and a certificate of another key is not', async () => {
    const made = await readFile(at('android-signing-key.pem'), 'utf8');
    const certificate = made.slice(made.indexOf('-----BEGIN CERTIFICATE'));
    await writeFile(at('own.pem'), rsa.export({ format: 'pem', type: 'pkcs1' }));
    expect((await emit('own', '--key', at('own.pem'))).code).toBe(exit.ok);
    await writeFile(at('mixed.pem'), `${rsa.export(pem)}${certificate}`);
    const { code, stderr } = await emit('mixed', '--key', at('mixed.pem'));
    expect(code).toBe(exit.usage);
    expect(stderr).toContain('certificate in it is of another key');
  });
});

test.each([
  [['--app-id', 'food'], '--app-id food cannot be used'],
  [['--embed'], '--target android has no --embed'],
])('%j is refused', async (more, message) => {
  const { code, stderr } = await emit('x', ...more);
  expect(code).toBe(exit.usage);
  expect(stderr).toContain(message);
});

test('other targets have no key', async () => {
  const { code, stderr } = await emit('x', '--target', 'web', '--key', 'k.pem');
  expect(code).toBe(exit.usage);
  expect(stderr).toContain('--target web has no --key');
});

test('the module in it runs, and the page does not register what an app has no use for', async () => {
  const archive = await readFile(apk);
  const { create } = await loadModule(fileOf(archive, 'assets/www/model.mjs')?.toString() ?? '');
  const weights = fileOf(archive, 'assets/www/weights.bin');
  const model = await create({ weights: weights as Uint8Array, backend: 'simd' });
  expect(model.selfTest()).toMatchObject({ passed: true, exact: true });
  expect(fileOf(archive, 'assets/www/index.html')?.toString()).toContain('data-worker=""');
  expect(fileOf(archive, 'assets/www/sw.js')).toBeUndefined();
});

test('a project that was worked on is not overwritten', async () => {
  expect((await emit('project', '--project')).code).toBe(exit.ok);
  const manifest = at('project/project/app/src/main/AndroidManifest.xml');
  await writeFile(manifest, '<manifest />');
  const { code, stderr } = await emit('project', '--project');
  expect(code).toBe(exit.usage);
  expect(stderr).toContain('AndroidManifest.xml');
  expect(await readFile(manifest, 'utf8')).toBe('<manifest />');
});

test('the code was built from the source beside it', async () => {
  const record = JSON.parse(await readFile(path.join(templates, 'classes.json'), 'utf8'));
  expect(sha256(await readFile(path.join(templates, 'MainActivity.java')))).toBe(record.source);
  expect(sha256(await readFile(path.join(templates, 'classes.dex')))).toBe(record.dex);
});

describe.skipIf(!hasTools)('as the tools of Android see it', () => {
  test('it is signed, and a changed byte is found', async () => {
    const { code, output } = await tool('apksigner', 'verify', '--verbose', apk);
    expect(output).toContain('(APK Signature Scheme v2): true');
    expect(output).toContain('Number of signers: 1');
    expect(output).not.toContain('WARNING');
    expect(code).toBe(0);
    const changed = await readFile(apk);
    const middle = Math.floor(changed.length / 2);
    changed[middle] = (changed[middle] as number) ^ 1;
    await writeFile(at('changed.apk'), changed);
    expect((await tool('apksigner', 'verify', at('changed.apk'))).code).not.toBe(0);
  });

  test('its files are aligned', async () => {
    expect((await tool('zipalign', '-c', '4', apk)).code).toBe(0);
  });

  test('it says what it is', async () => {
    const { output } = await tool('aapt2', 'dump', 'badging', apk);
    expect(output).toMatch(/^package: name='app\.netlathe\.[a-z0-9_]+' versionCode='1'/m);
    expect(output).toContain("targetSdkVersion:'35'");
    expect(output).toContain("launchable-activity: name='app.netlathe.shell.MainActivity'");
    // It writes quotes and backslashes as in a program.
    const escaped = name.replace(/["\\]/g, '\\$&');
    expect(output).toContain(`application-label:'${escaped}'`);
    expect(output.match(/uses-permission: .*/g)).toEqual([
      "uses-permission: name='android.permission.CAMERA'",
    ]);
    expect(output).toContain("uses-feature-not-required: name='android.hardware.camera'");
  });

  /** What aapt2 makes of the project's XML must be what we write. */
  test('its manifest and resources are those that aapt2 makes of the project', async () => {
    const main = at('app/project/app/src/main');
    const manifest = await readFile(path.join(main, 'AndroidManifest.xml'), 'utf8');
    const badging = (await tool('aapt2', 'dump', 'badging', apk)).output;
    const [, id] = /package: name='([^']+)'/.exec(badging) ?? [];
    await writeFile(at('manifest.xml'), manifest.replace('<manifest', `<manifest package="${id}"`));
    const compile = [
      'compile',
      '--no-crunch',
      '--dir',
      path.join(main, 'res'),
      '-o',
      at('res.zip'),
    ];
    expect(await tool('aapt2', ...compile)).toMatchObject({ code: 0 });
    const versions = ['--version-code', '1', '--version-name', '1.0'];
    const sdks = ['--min-sdk-version', '24', '--target-sdk-version', '35'];
    const link = [
      'link',
      '-o',
      at('linked.apk'),
      '-I',
      framework,
      '--manifest',
      at('manifest.xml'),
    ];
    expect(await tool('aapt2', ...link, ...versions, ...sdks, at('res.zip'))).toMatchObject({
      code: 0,
    });

    const tree = async (file: string, app: string) => {
      const { output } = await tool('aapt2', 'dump', 'xmltree', '--file', file, app);
      // Lines and numbers of resources are each tool's own; aapt2 notes what it compiled with.
      const told = /compileSdk|platformBuild|uses-sdk|SdkVersion/;
      const lines = output.split('\n').filter((line) => !told.test(line));
      return lines.map((line) => line.trim().replace(/\(line=\d+\)|@0x7f\w+/g, '')).sort();
    };
    expect(await tree('AndroidManifest.xml', apk)).toEqual(
      await tree('AndroidManifest.xml', at('linked.apk')),
    );
    const resources = async (app: string) => {
      const { output } = await tool('aapt2', 'dump', 'resources', app);
      const entries = output.match(/(color|drawable|mipmap)\/\w+|\(.*\) (#\w+|\(file\) .*)/g) ?? [];
      return entries.map((line) => line.replace(/res\/\S+\//, '')).sort();
    };
    const ours = await resources(apk);
    expect(ours).toHaveLength(7);
    const theirs = (await resources(at('linked.apk'))).map((l) => l.replace(/-v4\b/, ''));
    expect(ours).toEqual(theirs);
  });

  test('its code is the activity with the gates of camera and origin', async () => {
    const { output, code } = await tool('dexdump', '-d', path.join(templates, 'classes.dex'));
    expect(code).toBe(0);
    const classes = [...output.matchAll(/Class descriptor {2}: '(.*)'/g)].map((m) => m[1]);
    expect(classes).toEqual([
      'Lapp/netlathe/shell/MainActivity$1;',
      'Lapp/netlathe/shell/MainActivity$Asking;',
      'Lapp/netlathe/shell/MainActivity$Assets;',
      'Lapp/netlathe/shell/MainActivity;',
    ]);
    const methods = new Set([...output.matchAll(/name {10}: '(.*)'/g)].map((m) => m[1]));
    for (const method of [
      'onCreate',
      'onBackPressed',
      'onRequestPermissionsResult',
      'onActivityResult',
      'onPermissionRequest',
      'onShowFileChooser',
      'shouldInterceptRequest',
      'shouldOverrideUrlLoading',
      'isOwn',
    ]) {
      expect(methods).toContain(method);
    }
    expect(output).toContain('"appassets.androidplatform.net"');
    expect(output).not.toContain('http://');
  });
});
