/** The processes that are compared: started, asked in turn, ended. */

import { existsSync } from 'node:fs';
import path from 'node:path';
import { Peer, type PeerCommand } from '../shared/peer.ts';
import type { Hello } from './protocol.ts';

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

/** Starts each way to run a peer, alone, and keeps the fastest. */
export async function startFastest(commands: readonly PeerCommand[]): Promise<Peer<Hello>> {
  let best: { readonly peer: Peer<Hello>; readonly time: number } | undefined;
  for (const command of commands) {
    const peer = await Peer.start<Hello>(command);
    if (commands.length === 1) return peer;
    const time = Math.min(...(await peer.measure(4)).times);
    const [keep, drop] = best && best.time <= time ? [best, peer] : [{ peer, time }, best?.peer];
    await drop?.stop();
    best = keep;
  }
  if (!best) throw new Error('netlathe bug: no way to run a peer');
  return best.peer;
}
