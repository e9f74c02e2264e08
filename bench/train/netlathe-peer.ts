/** A process that trains with netlathe: `netlathe-peer.ts NETWORK strict|relaxed THREADS`. */

import { prepareStep, runStep } from './netlathe-step.ts';
import { graphOf, networkOf, parametersOf } from './networks.ts';
import { matrixPeak } from './peak.ts';
import { serve } from './protocol.ts';

const [name = '', build, threads = '2'] = process.argv.slice(2);
if (build !== 'strict' && build !== 'relaxed') throw new Error('strict or relaxed?');
const network = networkOf(name);
const graph = graphOf(network);
const engine = await prepareStep(graph, {
  batch: network.batch,
  threads: Number(threads),
  build,
});
for (let i = 0; i < 3; i++) runStep(engine);
const peak = (await matrixPeak(build)) * Number(threads);
const label = `netlathe ${build}, Node ${process.versions.node}`;
await serve({ label, parameters: parametersOf(graph), peak }, () => runStep(engine));
await engine.close();
