/** The key that signs an Android app: the one that is named, or one made beside the app and used from then on. */

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Signer } from '../compiler/7-emit/android/sign.ts';
import { newKeyFile, signerOf } from '../compiler/7-emit/android/signer.ts';
import { EmitError } from '../compiler/7-emit/emit-error.ts';
import { writeFileAtomic } from '../runtime/files/atomic-write.ts';
import { systemCode } from '../runtime/runtime-error.ts';
import type { CommandIo } from './io.ts';

interface Options {
  readonly key?: string;
  readonly out: string;
  readonly check?: boolean;
}

/** Not in the folder of the app: that one is passed on, a key is not. */
const defaultName = 'android-signing-key.pem';

export async function signerFrom(io: CommandIo, { key, out, check }: Options): Promise<Signer> {
  const folder = path.dirname(path.resolve(io.cwd, out));
  const file = key === undefined ? path.join(folder, defaultName) : path.resolve(io.cwd, key);
  const found = await contentsOf(file);
  if (found !== undefined) return signerOf(found, file);
  if (check) {
    throw new EmitError({
      code: 'E705',
      message: 'there is no key here, and --check makes none',
      path: file,
      hint: 'name the key that signed the app with --key',
    });
  }
  const made = newKeyFile();
  await writeFileAtomic(file, made, { mode: 0o600 });
  io.say(`made a key to sign apps with: ${file}`);
  io.say(
    '  keep it, and keep it to yourself: phones take an update only if the same key signed it',
  );
  return signerOf(made, file);
}

async function contentsOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw new EmitError({ code: 'E705', message: 'cannot be read', path: file, cause: error });
  }
}
