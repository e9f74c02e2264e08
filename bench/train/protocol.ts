/**
 * How the bench talks with a peer's process: a line of JSON each way. The peer announces itself once it is warm; each
 * `{"seconds": N}` is answered with the times of the steps that fit. Between questions it sleeps.
 */

import { createInterface } from 'node:readline';
import type { Measured, Named } from '../shared/peer.ts';

export interface Hello extends Named {
  readonly parameters: number;
  /** GFLOP/s of a matrix product on as many threads: what a step could reach at best. */
  readonly peak: number;
}

/** The peer's side. */
export async function serve(hello: Hello, step: () => void | Promise<void>): Promise<void> {
  console.log(JSON.stringify(hello));
  for await (const line of createInterface({ input: process.stdin })) {
    const { seconds } = JSON.parse(line) as { readonly seconds: number };
    const times: number[] = [];
    const start = performance.now();
    while (performance.now() - start < seconds * 1000) {
      const before = performance.now();
      await step();
      times.push(performance.now() - before);
    }
    const measured: Measured = { times, peakMemory: process.resourceUsage().maxRSS / 1024 };
    console.log(JSON.stringify(measured));
  }
}
