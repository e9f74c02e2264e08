/** `npm run prove:names [count]`: hostile names of networks and classes against the emitter, 10,000 unless told. */
import fc from 'fast-check';
import { checker, hostileNames } from '../test/emit/hostile-names.ts';

const count = Number(process.argv[2] ?? 10_000);
const { check } = await checker();
const started = performance.now();
let done = 0;
await fc.assert(
  fc.asyncProperty(hostileNames, async (names) => {
    const problem = await check(names);
    if (problem !== undefined) throw new Error(problem);
    if (++done % 1000 === 0) process.stdout.write(`${done} of ${count}\n`);
  }),
  { numRuns: count },
);
const seconds = Math.round((performance.now() - started) / 1000);
process.stdout.write(
  `${done} sets of names in ${seconds} s: every file parses alike, nothing ran\n`,
);
