/** The processes that are compared: started, asked in turn, ended. */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { root } from './networks.ts';
import type { Hello, Measured } from './protocol.ts';

export interface PeerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface PeerOptions {
  readonly threads: number;
  readonly python: string;
  readonly tfjsNode: string | undefined;
}

export type PeerKind = 'pytorch' | 'tfjs-node';

const script = (file: string, ...args: readonly string[]): PeerCommand => ({
  command: process.execPath,
  args: ['--import', 'tsx', path.join(import.meta.dirname, file), ...args],
  env: {},
});

/** Ours, in both builds. */
export function ownCommands(network: string, threads: number): readonly PeerCommand[] {
  return ['strict', 'relaxed'].map((build) =>
    script('netlathe-peer.ts', network, build, String(threads)),
  );
}

/** The ways to run a peer, of which the fastest counts. */
export function peerCommands(
  kind: PeerKind,
  network: string,
  { threads, python, tfjsNode }: PeerOptions,
): readonly PeerCommand[] {
  const count = String(threads);
  if (kind === 'pytorch') {
    if (!existsSync(python))
      throw new Error(`no ${python}: run bench/train/setup-pytorch.sh first`);
    const file = path.join(import.meta.dirname, 'pytorch_peer.py');
    return ['channels_last', 'contiguous_format'].map((layout) => ({
      command: python,
      args: [file, network, count, layout],
      env: { OMP_NUM_THREADS: count },
    }));
  }
  if (tfjsNode === undefined) {
    throw new Error('tfjs-node: name the folder it is installed in with --tfjs-node FOLDER');
  }
  const env = { OMP_NUM_THREADS: count, TF_NUM_INTRAOP_THREADS: count, TF_CPP_MIN_LOG_LEVEL: '3' };
  return [{ ...script('tfjs-peer.ts', network, tfjsNode), env }];
}

export class Peer {
  readonly hello: Hello;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(hello: Hello, child: ChildProcess, lines: AsyncIterator<string>) {
    this.hello = hello;
    this.#child = child;
    this.#lines = lines;
  }

  static async start({ command, args, env }: PeerCommand): Promise<Peer> {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const reader: Interface = createInterface({ input: child.stdout });
    const lines = reader[Symbol.asyncIterator]();
    return new Peer(await answer<Hello>(lines, 'label'), child, lines);
  }

  async measure(seconds: number): Promise<Measured> {
    this.#child.stdin?.write(`${JSON.stringify({ seconds })}\n`);
    return answer<Measured>(this.#lines, 'times');
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.stdin?.end();
    await gone;
  }
}

/** The next line that is one of ours; libraries print what they like. */
async function answer<T>(lines: AsyncIterator<string>, key: keyof T & string): Promise<T> {
  for (;;) {
    const { value, done } = await lines.next();
    if (done) throw new Error('a peer ended before it answered');
    if (!value.startsWith('{')) continue;
    const parsed = JSON.parse(value) as T & object;
    if (key in parsed) return parsed;
  }
}

/** Starts each way to run a peer, alone, and keeps the fastest. */
export async function startFastest(commands: readonly PeerCommand[]): Promise<Peer> {
  let best: { readonly peer: Peer; readonly time: number } | undefined;
  for (const command of commands) {
    const peer = await Peer.start(command);
    if (commands.length === 1) return peer;
    const time = Math.min(...(await peer.measure(4)).times);
    const [keep, drop] = best && best.time <= time ? [best, peer] : [{ peer, time }, best?.peer];
    await drop?.stop();
    best = keep;
  }
  if (!best) throw new Error('netlathe bug: no way to run a peer');
  return best.peer;
}
