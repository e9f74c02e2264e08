/** Android's own tools, where they are installed (Debian: aapt apksigner zipalign dexdump android-framework-res). */

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

export const framework = '/usr/share/android-framework-res/framework-res.apk';

function installed(program: string): boolean {
  return (process.env.PATH ?? '')
    .split(path.delimiter)
    .some((p) => existsSync(path.join(p, program)));
}

const missing = ['aapt2', 'apksigner', 'zipalign', 'dexdump'].filter((name) => !installed(name));
if (!existsSync(framework)) missing.push('framework-res.apk');
if (missing.length > 0) {
  process.stderr.write(`no ${missing.join(', ')}: what they check of Android apps is left out\n`);
}

export const hasTools = missing.length === 0;

export interface Ran {
  readonly code: number;
  readonly output: string;
}

/** What a tool wrote, both streams; it may fail. */
export async function tool(program: string, ...options: readonly string[]): Promise<Ran> {
  try {
    const { stdout, stderr } = await promisify(execFile)(program, options, { maxBuffer: 1 << 26 });
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: unknown; stdout?: string; stderr?: string };
    if (typeof code !== 'number') throw error;
    return { code, output: `${stdout}${stderr}` };
  }
}
