/** Architectures and suites from the disk: by path, by the name of one that comes with netlathe, or `-` for standard input. */

import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import { limits } from '../compiler/1-load/guard.ts';
import { type Source, SourceError } from '../compiler/1-load/load.ts';
import { didYouMean } from '../compiler/diagnostics/suggest.ts';
import { type Io, UsageError } from './io.ts';
import { packageRoot } from './package.ts';

export const stdinName = '<stdin>';

/** A Source that remembers what it read: for code frames, and to know which files to watch. */
export interface DiskSource extends Source {
  /** Of a file as diagnostics name it. */
  textOf(file: string): string | undefined;
  /** Paths asked for, also those that could not be read. */
  readonly asked: ReadonlySet<string>;
}

export interface Reference {
  readonly file: string;
  readonly variant: string | undefined;
}

/** `student`, `nets/a.yaml`, `nets/a.yaml#relu`. */
export function parseReference(text: string): Reference {
  const at = text.lastIndexOf('#');
  if (at <= 0 || isFile(text)) return { file: text, variant: undefined };
  return { file: text.slice(0, at), variant: text.slice(at + 1) };
}

/** What the command line names, or else the architectures of the working directory. */
export function chosenFiles(args: readonly string[], io: Pick<Io, 'cwd'>): readonly string[] {
  if (args.length > 0) return args;
  const found = yamlFiles(path.join(io.cwd, 'architectures'));
  if (found.length > 0) return found.map((name) => path.join('architectures', name));
  throw new UsageError(
    'no architecture is named, and there is no architectures/*.yaml here',
    'name a file, or a network of the zoo: netlathe compile student',
  );
}

/** Files that come with netlathe, called by their bare names: each in the folder of this name. */
interface Shelf {
  readonly folder: string;
  /** For a name that nothing is like. */
  readonly hint: string;
}

const zoo: Shelf = {
  folder: 'architectures',
  hint: 'netlathe zoo lists the networks that come with it',
};

/** `stdin` is what `-` stands for. */
export function diskSource(io: Pick<Io, 'cwd'>, stdin?: string): DiskSource {
  return shelfSource(io, zoo, stdin);
}

/** The first name is a suite's; those inside of it are architectures'. */
export function suiteSource(io: Pick<Io, 'cwd'>): DiskSource {
  const suites = shelved('suites').join(', ');
  return shelfSource(io, { folder: 'suites', hint: `netlathe comes with the suites ${suites}` });
}

function shelfSource(io: Pick<Io, 'cwd'>, first: Shelf, stdin?: string): DiskSource {
  const texts = new Map<string, string>();
  const asked = new Set<string>();
  const named = new Set<string>();
  return {
    asked,
    textOf: (file) => texts.get(file) ?? texts.get(path.resolve(io.cwd, file)),
    resolve: (reference, from) => {
      if (from === undefined && reference === '-') return stdinName;
      const base = from === undefined || from === stdinName ? io.cwd : path.dirname(from);
      const file = path.resolve(base, reference);
      const { folder } = from === undefined ? first : zoo;
      const bare = isBareName(reference) && !isFile(file);
      const found = bare ? (shelvedFile(folder, reference) ?? file) : file;
      if (from === undefined) named.add(found);
      return found;
    },
    read: (file) => {
      if (file !== stdinName) asked.add(file);
      const shelf = named.has(file) ? first : zoo;
      const text = file === stdinName ? (stdin ?? '') : readYaml(file, named.has(file), shelf);
      texts.set(file, text);
      return text;
    },
  };
}

/** `anyName`: what the user names on the command line may be a pipe; what a file extends is a YAML file. */
function readYaml(file: string, anyName: boolean, shelf: Shelf): string {
  let bytes: Uint8Array;
  try {
    // A folder or a missing file is better called so than by its ending.
    const stat = statSync(file);
    if (stat.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
    if (!/\.ya?ml$/i.test(file) && !anyName) {
      throw new SourceError('its name does not end in .yaml or .yml');
    }
    // Reading a pipe that nobody writes to would never end.
    if (!stat.isFile() && !anyName) throw new SourceError('it is not a plain file');
    bytes = readBounded(file);
  } catch (error) {
    throw error instanceof SourceError ? error : explainSystem(file, error, shelf);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new SourceError('it is not UTF-8 text');
  }
}

function readBounded(file: string): Uint8Array {
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    if (size > limits.bytes) throw new SourceError('it is too large', { bytes: size });
    // What has no size of its own (a pipe, a device) is bounded while reading.
    const buffer = new Uint8Array(limits.bytes + 1);
    let length = 0;
    for (let n = -1; n !== 0 && length < buffer.length; length += n) {
      n = readSync(descriptor, buffer, length, buffer.length - length, null);
    }
    if (length > limits.bytes) throw new SourceError('it is too large', { bytes: length });
    return buffer.subarray(0, length);
  } finally {
    closeSync(descriptor);
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'part of its path is a file, not a folder',
  EISDIR: 'it is a folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ELOOP: 'its symbolic links go round in a circle',
  ENAMETOOLONG: 'the name is too long',
};

function explainSystem(file: string, error: unknown, shelf: Shelf): SourceError {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const reason = reasons[code] ?? (error instanceof Error ? error.message : String(error));
  if (code === 'EISDIR') {
    const [first] = yamlFiles(file);
    const example = first && path.join(path.relative(process.cwd(), file), first);
    return new SourceError(reason, example ? { hint: `name a file in it: ${example}` } : {});
  }
  const hint = code === 'ENOENT' ? missingHint(file, shelf) : undefined;
  return new SourceError(reason, hint ? { hint } : {});
}

function missingHint(file: string, { folder, hint }: Shelf): string {
  const name = path.basename(file);
  const beside = yamlFiles(path.dirname(file));
  const names = shelved(folder);
  const stem = name.replace(/\.ya?ml$/i, '');
  if (names.includes(stem)) return `it comes with netlathe by its bare name: ${stem}`;
  if (zooNames().includes(name)) return `${name} is an architecture, not a suite`;
  return didYouMean(name, isBareName(name) ? [...names, ...beside] : beside) ?? hint;
}

/** Found by its name, and not to be written to. */
export function isOfZoo(reference: string, file: string): boolean {
  return isBareName(parseReference(reference).file) && file.startsWith(packageRoot());
}

/** A word that may be a name of what comes with netlathe. */
function isBareName(reference: string): boolean {
  return !/[/\\]/.test(reference) && !/\.ya?ml$/i.test(reference);
}

function isFile(file: string): boolean {
  try {
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

function shelvedFile(folder: string, name: string): string | undefined {
  return shelved(folder).includes(name)
    ? path.join(packageRoot(), folder, `${name}.yaml`)
    : undefined;
}

function shelved(folder: string): readonly string[] {
  return yamlFiles(path.join(packageRoot(), folder)).map((f) => f.replace(/\.yaml$/, ''));
}

export const zooNames = (): readonly string[] => shelved(zoo.folder);

function yamlFiles(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /\.ya?ml$/i.test(name))
      .sort();
  } catch {
    return [];
  }
}
