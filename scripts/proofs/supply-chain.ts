/**
 * What is shipped is what is meant: the files of the package are the recorded ones, nothing runs at its installation, and
 * the packed package, installed with --ignore-scripts in an empty folder, does the main job. The kernels are built from
 * their sources once more, byte for byte; the licences of all that is installed are known ones, and the registry knows of
 * no advisory. `--record` writes scripts/proofs/package-files.txt.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { kernelFile } from '../../runtime/kernels/load.ts';
import { BUILDS, compileKernels } from '../build-kernels.ts';
import type { Proof, Trial } from './harness.ts';
import { root } from './job.ts';

const golden = path.join(import.meta.dirname, 'package-files.txt');

export const proof: Proof = {
  name: 'supply-chain',
  promise:
    'The package holds what is recorded, installs without scripts, and does its job from an empty folder',
  unit: 'checks',
  seconds: 240,
  cases: 100,
  options: { record: { type: 'boolean', default: false } },
  run: async (trial) => {
    for (const { name, work } of trial.named(checks(trial))) await trial.check(name, work);
  },
};

interface Check {
  readonly name: string;
  readonly work: () => Promise<string | undefined> | string | undefined;
}

function checks(trial: Trial): readonly Check[] {
  return [
    { name: 'kernels', work: () => rebuild(trial) },
    { name: 'files of the package', work: () => compareFiles(trial) },
    { name: 'lock file', work: lockFile },
    { name: 'install scripts', work: () => installScripts(trial) },
    { name: 'licences', work: () => licences(trial) },
    { name: 'advisories', work: () => advisories(trial) },
    { name: 'an empty folder', work: () => emptyFolder(trial) },
  ];
}

async function rebuild(trial: Trial): Promise<string | undefined> {
  for (const build of BUILDS) {
    const [fresh, built] = [await compileKernels(build), readFileSync(kernelFile(build))];
    if (!built.equals(fresh)) return `${build}.wasm is not what its sources give`;
    trial.note(`${build}.wasm ${createHash('sha256').update(fresh).digest('hex').slice(0, 16)}`);
  }
  return undefined;
}

function npm(args: readonly string[], cwd = root): string {
  return execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}

/** A module more in dist/ is no news; another folder, or another kind of file, is. */
function kindOf(file: string): string {
  if (!file.startsWith('dist/')) return file;
  return `${path.posix.dirname(file)}/*${file.endsWith('.d.ts') ? '.d.ts' : path.posix.extname(file)}`;
}

/** Names, without sizes: those change with every word. */
function compareFiles(trial: Trial): string | undefined {
  const [packed] = JSON.parse(
    npm(['pack', '--dry-run', '--json', '--ignore-scripts']),
  ) as readonly [
    { readonly files: readonly { readonly path: string }[]; readonly unpackedSize: number },
  ];
  const names = [...new Set(packed.files.map((file) => kindOf(file.path)))].sort();
  if (trial.values.record === true) writeFileSync(golden, `${names.join('\n')}\n`);
  trial.note(`${packed.files.length} files, ${(packed.unpackedSize / 1e6).toFixed(1)} MB`);
  const recorded = readFileSync(golden, 'utf8').trim().split('\n');
  const more = names.filter((name) => !recorded.includes(name));
  const fewer = recorded.filter((name) => !names.includes(name));
  if (more.length + fewer.length === 0) return undefined;
  return `not recorded: ${more.join(', ') || 'none'}; missing: ${fewer.join(', ') || 'none'} (--record, if that is meant)`;
}

interface Locked {
  readonly resolved?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  readonly dev?: boolean;
  readonly peer?: boolean;
  readonly optional?: boolean;
  readonly license?: string;
}

function locked(): readonly (readonly [string, Locked])[] {
  const { packages } = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, Locked>>;
  };
  return Object.entries(packages).filter(([name]) => name !== '');
}

function lockFile(): string | undefined {
  const loose = locked().filter(([, { integrity }]) => !/^sha512-/.test(integrity ?? ''));
  return loose.length === 0
    ? undefined
    : `without a hash: ${loose.map(([name]) => name).join(', ')}`;
}

/** Of what a user gets; a peer is installed by users themselves, if at all. */
function shipped(): readonly (readonly [string, Locked])[] {
  return locked().filter(([, { dev, peer }]) => !dev && !peer);
}

function installScripts(trial: Trial): string | undefined {
  const all = shipped();
  trial.note(`${all.length} packages are installed with it, those for other systems included`);
  const scripts = all.filter(([, { hasInstallScript }]) => hasInstallScript).map(([name]) => name);
  // Works without: what they would print or build is not needed.
  const known = scripts.filter((name) => !/node_modules\/(core-js|sharp)$/.test(name));
  if (known.length > 0) return `run something when installed: ${known.join(', ')}`;
  if (scripts.length > 0) trial.note(`install scripts, not needed: ${scripts.join(', ')}`);
  return undefined;
}

const fine =
  /^(MIT|ISC|BSD-[23]-Clause|BSD|0BSD|Apache-2\.0|BlueOak-1\.0\.0|LGPL-3\.0-or-later|CC0-1\.0|Python-2\.0|Unlicense)$/;

function licences(trial: Trial): string | undefined {
  const counts = new Map<string, number>();
  const odd: string[] = [];
  for (const [name, { license = 'none' }] of shipped()) {
    counts.set(license, (counts.get(license) ?? 0) + 1);
    const parts = license.replace(/[()]/g, '').split(/ (?:AND|OR) /);
    if (!parts.every((part) => fine.test(part))) odd.push(`${name} (${license})`);
  }
  trial.note(`licences: ${[...counts].map(([name, n]) => `${n} ${name}`).join(', ')}`);
  return odd.length === 0 ? undefined : `licences to look at: ${odd.join(', ')}`;
}

/** No answer is told, and is no failure: not every registry keeps a list. */
function advisories(trial: Trial): string | undefined {
  const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], {
    cwd: root,
    encoding: 'utf8',
  });
  let report: { readonly vulnerabilities?: object; readonly metadata?: object } = {};
  try {
    report = JSON.parse(stdout);
  } catch {
    report = {};
  }
  if (report.vulnerabilities === undefined) {
    trial.note('the registry gave no list of advisories');
    return undefined;
  }
  const names = Object.keys(report.vulnerabilities);
  trial.note(`${names.length} advisories`);
  return names.length === 0 ? undefined : `advisories for ${names.join(', ')}`;
}

/** As a user meets it: packed, installed where nothing else is, and asked to do what the README shows. */
function emptyFolder(trial: Trial): string | undefined {
  const folder = path.join(trial.folder, 'empty');
  mkdirSync(folder);
  npm(['pack', '--ignore-scripts', '--pack-destination', folder]);
  const archive = readdirSync(folder).find((name) => name.endsWith('.tgz')) as string;
  writeFileSync(path.join(folder, 'package.json'), '{ "private": true }');
  npm(
    ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--omit=peer', `./${archive}`],
    folder,
  );
  const bin = path.join(folder, 'node_modules/netlathe/dist/cli/bin.js');
  const examples = path.join(root, 'examples');
  const arch = ['--arch', path.join(examples, 'cifar10.yaml')];
  const data = ['--data', path.join(examples, 'cifar10-mini.tar.gz'), '--cache', 'cache'];
  for (const args of [
    ['compile', 'student', '--check-params'],
    ['train', ...arch, ...data, '--out', 'run', '--steps', '4'],
    ['eval', '--model', 'run', ...data],
    ['predict', '--model', 'run', path.join(examples, 'photo.jpg')],
    ['emit', '--model', 'run', '--target', 'ts', '--out', 'bundle'],
    ['explain', 'E401'],
  ]) {
    const { status, stderr } = spawnSync(process.execPath, [bin, ...args], {
      cwd: folder,
      encoding: 'utf8',
    });
    if (status !== 0) return `${args[0]} ended with ${status}: ${stderr.slice(0, 500)}`;
  }
  const made = ['run/report.html', 'run/model/model.json', 'bundle/model.mjs'];
  const missing = made.filter((file) => !existsSync(path.join(folder, file)));
  return missing.length === 0 ? undefined : `not made: ${missing.join(', ')}`;
}
