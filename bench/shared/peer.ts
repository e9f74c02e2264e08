/**
 * A program under measure: a process that says hello in a line of JSON once it is warm, then answers each
 * `{"seconds": N}` with the times that fit. Between questions it sleeps.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';

export interface PeerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** What every program says of itself; each bench adds what it needs to know. */
export interface Named {
  /** Name and version, and what was chosen to be fast. */
  readonly label: string;
}

export interface Measured {
  /** Milliseconds a step, or a call. */
  readonly times: readonly number[];
  /** The most memory the process ever held, in MiB. */
  readonly peakMemory: number;
}

const root = path.join(import.meta.dirname, '../..');

export class Peer<Hello extends Named> {
  readonly hello: Hello;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(hello: Hello, child: ChildProcess, lines: AsyncIterator<string>) {
    this.hello = hello;
    this.#child = child;
    this.#lines = lines;
  }

  static async start<Hello extends Named>(started: PeerCommand): Promise<Peer<Hello>> {
    const { command, args, env } = started;
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const hello = await answer<Hello>(lines, 'label', [command, ...args].join(' '));
    return new Peer(hello, child, lines);
  }

  async measure(seconds: number): Promise<Measured> {
    this.#child.stdin?.write(`${JSON.stringify({ seconds })}\n`);
    return answer<Measured>(this.#lines, 'times', this.hello.label);
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.stdin?.end();
    await gone;
  }
}

/** The next line that is one of ours; libraries print what they like. */
async function answer<T>(
  lines: AsyncIterator<string>,
  key: keyof T & string,
  who: string,
): Promise<T> {
  for (;;) {
    const { value, done } = await lines.next();
    if (done) throw new Error(`a peer ended before it answered: ${who}`);
    if (!value.startsWith('{')) continue;
    const parsed = JSON.parse(value) as T & object;
    if (key in parsed) return parsed;
  }
}
