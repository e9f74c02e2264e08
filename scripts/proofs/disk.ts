/**
 * The file system as a list of what was done to it. Node's own functions are wrapped: each call that changes something is
 * numbered and kept, at a chosen number the disk stops (that call and all later ones fail, a write after half its
 * bytes), and from the list any state that a power failure may leave can be made.
 */

import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';

export type Operation =
  | { readonly kind: 'create' | 'unlink' | 'mkdir' | 'sync' | 'syncFolder'; readonly path: string }
  | { readonly kind: 'write'; readonly path: string; readonly bytes: Buffer }
  | { readonly kind: 'rename' | 'link'; readonly path: string; readonly to: string };

export class Stopped extends Error {
  constructor() {
    super('the disk has stopped');
  }
}

type Call = (...args: never[]) => Promise<unknown>;
type Promises = Record<string, Call>;

export interface Recorder {
  readonly operations: readonly Operation[];
  /** Stops before the operation of this number, counted from 0; a write is done by half. */
  stopAt: number;
  restore(): void;
}

/** Everything below `root` is recorded; what is done elsewhere, such as to a cache, is let through. */
export function record(root: string): Recorder {
  const promises = fs.promises as unknown as Promises;
  const kept: [string, Call][] = [];
  const state = { operations: [] as Operation[], stopAt: Number.POSITIVE_INFINITY };
  const inside = (file: unknown) => typeof file === 'string' && file.startsWith(root + path.sep);
  /** Whether it may go on. */
  const note = (operation: Operation): boolean => {
    if (state.operations.length >= state.stopAt) return false;
    state.operations.push(operation);
    return true;
  };
  const wrap = (
    name: string,
    make: (original: Call) => (...args: unknown[]) => Promise<unknown>,
  ) => {
    const original = promises[name] as Call;
    kept.push([name, original]);
    promises[name] = make(original.bind(promises) as Call) as Call;
  };
  const simple = (name: string, kind: 'unlink' | 'mkdir' | 'rename' | 'link') => {
    wrap(name, (original) => async (...args) => {
      const [from, to] = args as [string, string];
      const counts = inside(from) || inside(to);
      if (counts && kind === 'unlink' && !fs.existsSync(from))
        return original(...(args as never[]));
      if (counts && kind === 'mkdir' && fs.existsSync(from)) return undefined;
      if (counts && kind === 'link' && fs.existsSync(to)) return original(...(args as never[]));
      const operation = { kind, path: from, to } as Operation;
      if (counts && !note(operation)) throw new Stopped();
      return original(...(args as never[]));
    });
  };
  simple('unlink', 'unlink');
  simple('mkdir', 'mkdir');
  simple('rename', 'rename');
  simple('link', 'link');
  wrap('rm', (original) => async (...args) => {
    const [file] = args as [string];
    const counts = inside(file) && fs.existsSync(file);
    if (counts && !note({ kind: 'unlink', path: file })) throw new Stopped();
    return original(...(args as never[]));
  });
  for (const name of ['writeFile', 'appendFile']) {
    wrap(name, (original) => async (...args) => {
      // Not by these: what they have written when the power fails is anyone's guess.
      if (inside(args[0])) throw new Error(`${name} was used for ${String(args[0])}`);
      return original(...(args as never[]));
    });
  }
  wrap('open', (original) => async (...args) => {
    const [file, flags = 'r'] = args as [string, (string | number)?];
    if (!inside(file) && file !== root) return original(...(args as never[]));
    const writes = typeof flags === 'number' ? (flags & 3) !== 0 : /[wa+]/.test(flags);
    if (writes && !fs.existsSync(file) && !note({ kind: 'create', path: file }))
      throw new Stopped();
    const handle = (await original(...(args as never[]))) as fs.promises.FileHandle;
    return watched(handle, file, note);
  });
  syncBuiltinESMExports();
  return {
    get operations() {
      return state.operations;
    },
    get stopAt() {
      return state.stopAt;
    },
    set stopAt(n) {
      state.stopAt = n;
    },
    restore: () => {
      for (const [name, original] of kept) promises[name] = original;
      syncBuiltinESMExports();
    },
  };
}

function watched(
  handle: fs.promises.FileHandle,
  file: string,
  note: (operation: Operation) => boolean,
): fs.promises.FileHandle {
  const write = handle.write.bind(handle) as (
    bytes: Uint8Array,
    offset: number,
    length: number,
  ) => Promise<unknown>;
  const sync = handle.sync.bind(handle);
  const put = async (bytes: Uint8Array, offset = 0, length = bytes.byteLength - offset) => {
    const part = Buffer.from(bytes.subarray(offset, offset + length));
    if (note({ kind: 'write', path: file, bytes: part })) return write(bytes, offset, length);
    await write(bytes, offset, Math.floor(length / 2));
    throw new Stopped();
  };
  return Object.assign(handle, {
    write: put,
    writeFile: async (text: string | Uint8Array) => {
      await put(typeof text === 'string' ? Buffer.from(text) : text);
    },
    sync: async () => {
      const kind = fs.statSync(file).isDirectory() ? 'syncFolder' : 'sync';
      if (!note({ kind, path: file })) throw new Stopped();
      return sync();
    },
  });
}

/** A disk in memory: names, and files behind them. */
interface Disk {
  readonly names: Map<string, number>;
  readonly files: Map<number, Buffer>;
}

/**
 * What the disk may hold after a power failure behind the first `count` operations: what was synced, and of all else
 * whatever `keeps` says. Names of a folder come to the disk in any order until it is synced, bytes of a file until that
 * is synced; a write may be cut short.
 */
export function afterPowerFailure(
  operations: readonly Operation[],
  count: number,
  keeps: () => 'all' | 'part' | 'none',
): ReadonlyMap<string, Buffer> {
  const disk: Disk = { names: new Map(), files: new Map() };
  const seen = operations.slice(0, count);
  /** By the number of the file, which renames do not change. */
  const fileOf = new Map<string, number>();
  let files = 0;
  seen.forEach((operation, i) => {
    const later = seen.slice(i + 1);
    const name = (file: string, apply: () => void) => {
      const isSynced = later.some((o) => o.kind === 'syncFolder' && o.path === path.dirname(file));
      if (isSynced || keeps() !== 'none') apply();
    };
    switch (operation.kind) {
      case 'create': {
        const id = files++;
        fileOf.set(operation.path, id);
        disk.files.set(id, Buffer.alloc(0));
        name(operation.path, () => disk.names.set(operation.path, id));
        break;
      }
      case 'write': {
        const id = fileOf.get(operation.path) as number;
        const kept = isFileSynced(operation.path, later) ? 'all' : keeps();
        const half = kept === 'part' ? Math.floor(operation.bytes.length / 2) : 0;
        const bytes = kept === 'all' ? operation.bytes : operation.bytes.subarray(0, half);
        disk.files.set(id, Buffer.concat([disk.files.get(id) as Buffer, bytes]));
        break;
      }
      case 'rename':
      case 'link': {
        const id = fileOf.get(operation.path) as number;
        fileOf.set(operation.to, id);
        if (operation.kind === 'rename') fileOf.delete(operation.path);
        name(operation.to, () => {
          disk.names.set(operation.to, id);
          if (operation.kind === 'rename') disk.names.delete(operation.path);
        });
        break;
      }
      case 'unlink':
        fileOf.delete(operation.path);
        name(operation.path, () => disk.names.delete(operation.path));
        break;
      default:
        break;
    }
  });
  return new Map([...disk.names].map(([file, id]) => [file, disk.files.get(id) as Buffer]));
}

/** A temporary file is synced under the name it has then. */
function isFileSynced(file: string, later: readonly Operation[]): boolean {
  for (const operation of later) {
    if (operation.kind === 'sync' && operation.path === file) return true;
    if ((operation.kind === 'rename' || operation.kind === 'unlink') && operation.path === file) {
      return false;
    }
  }
  return false;
}
