/** An entry of `networks:` as it is written. */

import type { SuiteDocument } from './load.ts';
import type { Network } from './spec.ts';

export function writtenOf({ spec }: SuiteDocument, entry: string): Network | undefined {
  return Object.hasOwn(spec.networks, entry) ? spec.networks[entry] : undefined;
}
