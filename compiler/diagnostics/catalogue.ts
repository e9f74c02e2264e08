/** Every fault there is: what `netlathe explain`, docs/errors.md and SARIF's rules are made from. */

import {
  type CodeText,
  dataCodes,
  emitCodes,
  runCodes,
  suiteCodes,
  weightsCodes,
} from '../../runtime/codes.ts';
import * as budget from './codes/budget.ts';
import * as fit from './codes/fit.ts';
import * as infer from './codes/infer.ts';
import * as load from './codes/load.ts';
import * as normalize from './codes/normalize.ts';
import * as suite from './codes/suite.ts';
import * as validate from './codes/validate.ts';
import { type Severity, severityOf } from './diagnostic.ts';

/** A fault without the arguments of its message. */
export interface CatalogueEntry {
  readonly code: string;
  readonly severity: Severity;
  readonly title: string;
  readonly explanation: string;
}

export const chapters: readonly {
  readonly title: string;
  readonly entries: readonly CatalogueEntry[];
}[] = [
  { title: 'E1xx: reading the file', entries: Object.values(load) },
  { title: 'E2xx: the form of the document', entries: Object.values(validate) },
  { title: 'E3xx: names, arithmetic, blocks and loops', entries: Object.values(normalize) },
  { title: 'E4xx: shapes and sizes', entries: Object.values(infer) },
  { title: 'E6xx: the budget', entries: [...Object.values(budget), ...Object.values(fit)] },
  { title: 'E50x, E51x and W5xx: photos', entries: entriesOf(dataCodes) },
  { title: 'E52x and E54x: runs and files', entries: entriesOf(runCodes) },
  { title: 'E7xx: modules', entries: entriesOf(emitCodes) },
  { title: 'E8xx: files of weights', entries: entriesOf(weightsCodes) },
  { title: 'E9xx and W9xx: suites', entries: [...Object.values(suite), ...entriesOf(suiteCodes)] },
];

function entriesOf(texts: Readonly<Record<string, CodeText>>): readonly CatalogueEntry[] {
  return Object.entries(texts).map(([code, text]) => ({
    code,
    severity: severityOf(code),
    ...text,
  }));
}

/** In the order of the codes. */
export const catalogue: readonly CatalogueEntry[] = chapters
  .flatMap((c) => c.entries)
  .sort((a, b) => (a.code < b.code ? -1 : 1));

export function findFault(code: string): CatalogueEntry | undefined {
  const wanted = code.toUpperCase();
  return catalogue.find((entry) => entry.code === wanted);
}
