/**
 * The tools of React Native, from npm, in a folder of the repository that git ignores: hermesc, the compiler of today's
 * React Native, and a Hermes VM; for `prove:hermes` also the types of the component.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** `vm`: compiler and VM, 180 MB. `types`: what the component imports as well, 250 MB in all. */
export type HermesTools = 'vm' | 'types';

const vm = { 'hermes-compiler': '250829098.0.19', 'hermes-engine-cli': '0.12.0' } as const;
const types = { 'react-native-webview': '14.0.0', '@types/react': '19.3.0' } as const;
/** For its types alone: what it depends on is left out. */
const reactNative = 'react-native@0.88.1';

const wanted: Readonly<Record<HermesTools, Readonly<Record<string, string>>>> = {
  vm,
  types: { ...vm, ...types },
};
const folders: Readonly<Record<HermesTools, string>> = {
  vm: '.hermes',
  types: '.hermes-types',
};

const packagesOf = (tools: HermesTools): readonly string[] =>
  Object.entries(wanted[tools]).map(([name, version]) => `${name}@${version}`);
const pinsOf = (tools: HermesTools): string =>
  [...packagesOf(tools), ...(tools === 'types' ? [reactNative] : [])].join('\n');

const folderOf = (tools: HermesTools): string =>
  path.join(import.meta.dirname, '../..', folders[tools]);
const stampOf = (tools: HermesTools): string => path.join(folderOf(tools), 'pins.txt');

/** Their folder, where they are there in the versions that are wanted. */
export function foundHermes(tools: HermesTools): string | undefined {
  const stamp = stampOf(tools);
  const isThere = existsSync(stamp) && readFileSync(stamp, 'utf8') === pinsOf(tools);
  return isThere ? folderOf(tools) : undefined;
}

/** Their folder; installs them where they are missing or of other versions. */
export function hermesTools(tools: HermesTools): string {
  const found = foundHermes(tools);
  if (found !== undefined) return found;
  process.stderr.write(`installing ${pinsOf(tools).replaceAll('\n', ', ')}\n`);
  const folder = folderOf(tools);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'package.json'), '{ "private": true }\n');
  const quiet = ['--ignore-scripts', '--legacy-peer-deps', '--no-audit', '--no-fund'];
  npm(folder, ['install', ...quiet, ...packagesOf(tools)]);
  if (tools === 'types') unpackReactNative(folder);
  // Last, and in one step: a folder without it is made anew.
  writeFileSync(`${stampOf(tools)}.new`, pinsOf(tools));
  renameSync(`${stampOf(tools)}.new`, stampOf(tools));
  return folder;
}

export interface HermesPaths {
  readonly compiler: string;
  readonly vm: string;
}

/** @throws {Error} where no such program is in the packages: they hold them for Linux, macOS and Windows on x64. */
export function hermesPaths(folder: string): HermesPaths {
  const system = { linux: 'linux64-bin', darwin: 'osx-bin', win32: 'win64-bin' }[
    process.platform as string
  ];
  if (system === undefined) throw new Error(`Hermes has no programs for ${process.platform}`);
  const end = process.platform === 'win32' ? '.exe' : '';
  const at = (...names: readonly string[]): string => path.join(folder, 'node_modules', ...names);
  return {
    compiler: at('hermes-compiler', 'hermesc', system, `hermesc${end}`),
    vm: at('hermes-engine-cli', system, `hermes${end}`),
  };
}

function unpackReactNative(folder: string): void {
  const into = path.join(folder, 'node_modules/react-native');
  mkdirSync(into, { recursive: true });
  const archive = npm(folder, ['pack', '--silent', reactNative]).trim();
  execFileSync('tar', ['xzf', archive, '-C', into, '--strip-components=1'], { cwd: folder });
}

function npm(folder: string, options: readonly string[]): string {
  return execFileSync('npm', options, {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
