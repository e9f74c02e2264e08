/**
 * How fast netlathe trains, side by side with others in one run: `npm run bench:train`. Every program is a process of
 * its own; they work in turn, round by round, never at once, so that a busy machine treats them alike.
 */

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { Measured, Peer } from '../shared/peer.ts';
import { recordOf } from '../shared/record.ts';
import { graphOf, networkNames, networkOf, parametersOf, root, stepFlops } from './networks.ts';
import {
  ownCommands,
  type PeerKind,
  type PeerOptions,
  peerCommands,
  startFastest,
} from './peers.ts';
import { profileNetwork } from './profile.ts';
import type { Hello } from './protocol.ts';
import { type Comparison, rowOf, tableOf } from './table.ts';

const rounds = 4;
/** How many single steps a profile lists. */
const slowestSteps = 20;

const { values: flags } = parseArgs({
  options: {
    peers: { type: 'string', default: 'pytorch' },
    threads: { type: 'string', default: '2' },
    seconds: { type: 'string', default: '20' },
    networks: { type: 'string', default: networkNames.join(',') },
    python: { type: 'string', default: path.join(root, '.venv/bin/python') },
    'tfjs-node': { type: 'string' },
    profile: { type: 'boolean', default: false },
    record: { type: 'string' },
  },
});

const names = (list: string) => list.split(',').filter((name) => name !== '');

function peerKinds(list: string): readonly PeerKind[] {
  return names(list).map((kind) => {
    if (kind === 'pytorch' || kind === 'tfjs-node') return kind;
    throw new Error(`no peer "${kind}": pytorch, tfjs-node`);
  });
}

const options: PeerOptions = {
  threads: Number(flags.threads),
  python: flags.python,
  tfjsNode: flags['tfjs-node'],
};

async function compare(name: string, kinds: readonly PeerKind[]): Promise<Comparison> {
  const network = networkOf(name);
  const graph = graphOf(network);
  const parameters = parametersOf(graph);
  const own = ownCommands(name, options.threads).map((command) => [command]);
  const single = options.threads > 1 ? ownCommands(name, 1).map((command) => [command]) : [];
  const peers = kinds.map((kind) => peerCommands(kind, name, options));
  const running: Peer<Hello>[] = [];
  for (const commands of [...own, ...single, ...peers]) running.push(await startFastest(commands));
  for (const { hello } of running) {
    if (hello.parameters === parameters) continue;
    throw new Error(
      `${hello.label}: ${name} has ${hello.parameters} parameters, not ${parameters}`,
    );
  }
  const answers = running.map((): Measured[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, peer] of running.entries()) {
      answers[i]?.push(await peer.measure(Number(flags.seconds) / rounds));
    }
  }
  await Promise.all(running.map((peer) => peer.stop()));
  const rows = running.map(({ hello }, i) => rowOf(hello, answers[i] ?? []));
  const { batch } = network;
  const flops = stepFlops(graph);
  return {
    ...{ network: name, batch, parameters, flops },
    own: rows.slice(0, own.length),
    single: rows.slice(own.length, own.length + single.length),
    peers: rows.slice(own.length + single.length),
  };
}

const texts: string[] = [];
for (const name of names(flags.networks)) {
  const text = flags.profile
    ? await profileNetwork(networkOf(name), slowestSteps)
    : tableOf(await compare(name, peerKinds(flags.peers)));
  console.log(text);
  texts.push(text);
  // A record says as well how near to its peak each kernel comes.
  if (!flags.profile && flags.record) texts.push(await profileNetwork(networkOf(name), 0));
}
const head = {
  title: 'Training speed',
  script: 'bench:train',
  note: `Medians of repeated steps; the programs work in turn, round by round, with their data in memory. A ratio above 1x
is in favour of the row. The share of the GEMM peak counts the multiplications that the layers ask for, whatever
way they are computed: Winograd's takes a quarter of them, so that its kernels go beyond the peak. Kernel by kernel, the
best of repeated steps counts, on one thread.`,
};
if (flags.record) writeFileSync(flags.record, recordOf(head, texts, process.argv.slice(2)));
