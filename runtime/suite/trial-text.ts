/** A network and its recipe as one YAML that needs no other file: what `netlathe train` is given. */

import { Document, isCollection, visit } from 'yaml';
import type { Compiled } from '../../compiler/compile.ts';

/** Keys of the document that are replaced; `undefined` leaves one out. */
export interface Replaced {
  readonly name: string;
  readonly budget: object | undefined;
  readonly train: object;
}

/** As it was written, with what it extends and the variant laid on: short to read, and open to any number of classes. */
export function trialText({ spec }: Compiled, { name, budget, train }: Replaced): string {
  const { version, name: _name, budget: _budget, train: _train, ...rest } = spec.spec;
  const kept = Object.entries(rest).filter(([key]) => !/^(variants|extends|\$schema|x-)/.test(key));
  const document = new Document(
    // Parsed maps have no prototype, which the printer trips over.
    JSON.parse(JSON.stringify({ version, name, ...Object.fromEntries(kept), budget, train })),
  );
  visit(document, {
    Collection: (_key, node, path) => {
      if (path.length > 1 && isCollection(node)) node.flow = fits(node.toJSON());
    },
  });
  return document.toString({ lineWidth: 120, flowCollectionPadding: true });
}

/** Whether a part is better read on one line. */
const fits = (value: unknown): boolean => JSON.stringify(value).length <= 96;
