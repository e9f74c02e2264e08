/** The command line run in this process, with what it wrote. */

import { Readable } from 'node:stream';
import { exit, type Io } from '../../cli/io.ts';
import { main } from '../../cli/main.ts';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly stdin?: string;
  readonly columns?: number;
  readonly isTTY?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly ended?: Promise<void>;
  readonly signal?: AbortSignal;
  readonly onWrite?: (text: string) => void;
}

export async function run(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { stdin = '', columns = 100, isTTY = false, env = {} } = options;
  const written = { stdout: '', stderr: '' };
  const output = (name: keyof typeof written) => ({
    write: (text: string) => {
      written[name] += text;
      options.onWrite?.(text);
    },
    isTTY,
    columns,
  });
  const io: Io = {
    stdout: output('stdout'),
    stderr: output('stderr'),
    stdin: {
      isTTY,
      text: async () => (await Readable.from([stdin]).toArray()).join(''),
      ended: () => options.ended ?? Promise.resolve(),
    },
    cwd: process.cwd(),
    env,
    takeInterrupts: () => options.signal ?? new AbortController().signal,
  };
  return { code: await main(argv, io), ...written };
}

export { exit };
