/**
 * How fast an emitted module answers, beside the runtimes that people use: `npm run bench:bundle`. One image, one
 * thread, the same network with the same weights, whose logits must agree. The runtimes work in turn, round by round,
 * in Node and natively as processes, and in Chromium as pages. `bench/bundle/setup.sh` installs the others first.
 */

import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Peer } from '../shared/peer.ts';
import { recordOf } from '../shared/record.ts';
import { graphOf, root } from '../train/networks.ts';
import { type Artifacts, brotliBytes, makeArtifacts } from './artifacts.ts';
import { PageBench, pageRuntimes } from './chromium.ts';
import { type Hello, type Row, sameLogits, tableOf } from './compare.ts';
import { ownCommands, type Peers, peerCommands } from './processes.ts';

const { values: flags } = parseArgs({
  options: {
    arch: { type: 'string', default: 'architectures/student.yaml' },
    seconds: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '5' },
    peers: { type: 'string', default: path.join(root, '.bench') },
    chromium: { type: 'string', default: process.env.NETLATHE_CHROMIUM ?? '/usr/bin/chromium' },
    record: { type: 'string' },
  },
});
const seconds = Number(flags.seconds);
const rounds = Number(flags.rounds);

async function processRows(artifacts: Artifacts, peers: Peers): Promise<readonly Row[]> {
  const commands = [...ownCommands(artifacts), ...peerCommands(artifacts, peers)];
  const rows = [];
  for (const command of commands) {
    const starts: number[] = [];
    for (let i = 0; i < 4; i++) {
      const trial = await Peer.start<Hello>(command);
      starts.push(trial.hello.start);
      await trial.stop();
    }
    rows.push({
      command,
      starts,
      runtime: await Peer.start<Hello>(command),
      times: [] as number[],
    });
  }
  sameLogits(rows.map(({ runtime }) => runtime.hello));
  const memory: number[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const [i, { runtime, times }] of rows.entries()) {
      const measured = await runtime.measure(seconds / rounds);
      times.push(...measured.times);
      memory[i] = measured.peakMemory;
    }
  }
  await Promise.all(rows.map(({ runtime }) => runtime.stop()));
  return Promise.all(
    rows.map(async ({ command, starts, runtime, times }, i) => ({
      ...{ label: runtime.hello.label, own: command.own, starts, times, peakMemory: memory[i] },
      codeBytes: command.code.length > 0 ? await brotliBytes(command.code) : undefined,
    })),
  );
}

async function pageRows(artifacts: Artifacts, peers: Peers) {
  const bench = await PageBench.start(flags.chromium, artifacts, peers);
  const open = [];
  for (const runtime of pageRuntimes(artifacts)) {
    open.push({ runtime, ...(await bench.open(runtime)), times: [] as number[] });
  }
  sameLogits(open.map(({ hello }) => hello));
  for (let round = 0; round < rounds; round++) {
    for (const { page, times } of open) {
      await page.bringToFront();
      times.push(...(await page.evaluate<number[]>(`measureRuntime(${seconds / rounds})`)));
    }
  }
  await bench.close();
  const rows = open.map(({ runtime, hello, times }) => ({
    ...{ label: hello.label, own: runtime.own, starts: [hello.start], times },
    ...{ peakMemory: undefined, codeBytes: undefined },
  }));
  return { rows, version: bench.version };
}

const head = {
  title: 'Speed of an emitted module',
  script: 'bench:bundle',
  note: `One image of the network's input size, one thread; the runtimes work in turn, round by round, and their logits agree.
Columns \`x ...\` say how many times as long a row takes as that build of ours: medians (best). "First logits" starts
before the runtime is loaded, in a fresh process or page. Native programs are for comparison: a page cannot run them.`,
};
const peers: Peers = {
  folder: path.resolve(flags.peers),
  python: path.resolve(flags.peers, 'venv/bin/python'),
  layers: path.join(root, 'dist/compiler/7-emit/tfjs/layers.js'),
};
for (const needed of [peers.python, peers.layers]) {
  if (!existsSync(needed))
    throw new Error(`no ${needed}: run bench/bundle/setup.sh and npm run build`);
}
const graph = graphOf({ name: 'network', file: flags.arch, batch: 1 });
const folder = await mkdtemp(path.join(tmpdir(), 'netlathe-bench-'));
try {
  const artifacts = await makeArtifacts(graph, folder, peers.python);
  const texts = [
    tableOf(
      `${graph.name}, Node ${process.versions.node} and native`,
      await processRows(artifacts, peers),
    ),
  ];
  console.log(texts[0]);
  if (existsSync(flags.chromium)) {
    const { rows, version } = await pageRows(artifacts, peers);
    texts.push(tableOf(`${graph.name}, Chromium ${version}`, rows));
    console.log(texts[1]);
  } else console.log(`no Chromium at ${flags.chromium}: not measured there`);
  if (flags.record) await writeFile(flags.record, recordOf(head, texts, process.argv.slice(2)));
} finally {
  await rm(folder, { recursive: true, force: true });
}
