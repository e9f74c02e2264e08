/** What a comparison prints: one table a network. */

import { aligned } from '../shared/aligned.ts';
import type { Measured } from '../shared/peer.ts';
import type { Hello } from './protocol.ts';

export interface Row {
  readonly hello: Hello;
  readonly times: readonly number[];
  readonly peakMemory: number;
}

export interface Comparison {
  readonly network: string;
  readonly batch: number;
  readonly parameters: number;
  /** Of a step, an image. */
  readonly flops: number;
  /** Ours, strict and relaxed. */
  readonly own: readonly Row[];
  /** The same in one thread, where the others have more. */
  readonly single: readonly Row[];
  readonly peers: readonly Row[];
}

export function rowOf(hello: Hello, rounds: readonly Measured[]): Row {
  return {
    hello,
    times: rounds.flatMap(({ times }) => times),
    peakMemory: Math.max(...rounds.map(({ peakMemory }) => peakMemory)),
  };
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[times.length >> 1] ?? Number.NaN;
}

/** Markdown, which a terminal shows as well as a page does. */
export function tableOf(comparison: Comparison): string {
  const { network, batch, parameters, flops, own, single, peers } = comparison;
  const rate = (time: number) => (batch * 1000) / time;
  const header = ['', 'images/s', 'best', 'ms a step', 'of its GEMM peak', 'peak memory'];
  const ratios = peers.map(({ hello }) => `against ${hello.label.split(' ')[0]}`);
  if (single.length > 0) ratios.push('against one thread');
  const rows = [...own, ...peers].map((row, i) => {
    const middle = median(row.times);
    const best = Math.min(...row.times);
    const gflops = (rate(middle) * flops) / 1e9;
    return [
      row.hello.label,
      rate(middle).toFixed(1),
      rate(best).toFixed(1),
      middle.toFixed(1),
      `${((100 * gflops) / row.hello.peak).toFixed(0)}% of ${row.hello.peak.toFixed(0)} GFLOP/s`,
      `${row.peakMemory.toFixed(0)} MiB`,
      ...peers.map((peer) => ratio(peer, row, middle, best)),
      ...(single.length > 0 ? [ratio(single[i] ?? row, row, middle, best)] : []),
    ];
  });
  const millions = (flops / 1e6).toFixed(0);
  const title = `### ${network}: ${parameters.toLocaleString('en')} parameters, batch ${batch}, ${millions} MFLOP an image and step`;
  return [title, '', ...aligned([...header, ...ratios], rows), ''].join('\n');
}

/** Medians by medians, then best by best: what both agree on is not the noise of the machine. */
function ratio(peer: Row, row: Row, middle: number, best: number): string {
  if (peer === row) return '-';
  const medians = median(peer.times) / middle;
  const bests = Math.min(...peer.times) / best;
  return `${medians.toFixed(2)}x (best ${bests.toFixed(2)}x)`;
}
