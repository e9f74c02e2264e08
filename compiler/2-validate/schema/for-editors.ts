/**
 * The schema with hints for editors. They accept and refuse nothing; the validator is made without them, so that its
 * messages follow from the language alone.
 */

import { opKinds } from '../../ops/index.ts';
import { definition, type Schema } from './attributes.ts';

export function forEditors(schema: Schema): Schema {
  const definitions = schema.definitions as Readonly<Record<string, Schema>>;
  const layer = definitions.layer as Schema;
  const map = layer.else as Schema;
  const rest = map.else as Schema;
  return {
    ...schema,
    definitions: {
      ...definitions,
      layer: {
        ...layer,
        else: {
          ...map,
          // The language server leaves out those that need another key beside `op`.
          properties: { op: { examples: opKinds } },
          else: { ...rest, else: { properties: firstKeys, allOf: [definition('group')] } },
        },
      },
    },
  };
}

/** Offered while the layer has neither; where it has one, it is no group. */
const firstKeys: Schema = {
  op: { description: 'The op of the layer, such as conv2d.' },
  block: { description: 'The block to call.' },
};
