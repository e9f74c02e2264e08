/** The part of the language's schema that says what a layer is: ops, calls of blocks, groups, loops and blocks. */

import { opKinds, ops } from '../../ops/index.ts';
import {
  attributeProperties,
  closed,
  definition,
  integer,
  requiredAttributes,
  type Schema,
  userKeys,
} from './attributes.ts';

export const name = {
  type: 'string',
  pattern: '^[A-Za-z_][A-Za-z0-9_-]*$',
  maxLength: 64,
} as const;

/** Layer names may hold dots: that is how the layers inside blocks are called. */
const layerName = { ...name, pattern: '^[A-Za-z_][A-Za-z0-9_.-]*$', maxLength: 200 } as const;

/** Keys that any layer may have. */
const placement = {
  name: {
    ...layerName,
    description: 'Names the layer, for `from` and for its weights. Default: its op and a number.',
    examples: ['stem'],
  },
  from: {
    description:
      'What enters, by name, instead of the layer above: `entry` is what entered the block, `previous` the layer above, `image` the input. A list for an op that joins.',
    anyOf: [layerName, { type: 'array', items: layerName, minItems: 2, maxItems: 64 }],
    examples: ['stem', ['previous', 'stem']],
  },
  repeat: {
    ...integer(0),
    description: 'How often the layer stands here, one behind the other.',
    default: 1,
    examples: [3],
  },
  for: definition('loop'),
  when: {
    ...integer(0),
    description:
      'The layer stands here only if this is not 0; otherwise what enters passes by. In a loop it is asked each time.',
    examples: ['stride == 1 and in == entry.in', 'expand > 1'],
  },
} as const;

const joinKeys = {
  branches: {
    type: 'array',
    minItems: 2,
    maxItems: 64,
    items: definition('layers'),
    description: 'The stacks to join. What enters goes into each; an empty one is the identity.',
    examples: [[[], ['relu']]],
  },
  split: {
    ...integer(2),
    description: 'Cuts the channels that enter into equal parts, one for each branch.',
    examples: [2],
  },
} as const;

function opSchema(kind: (typeof opKinds)[number]): Schema {
  const record = ops[kind];
  return {
    title: kind,
    description: record.summary,
    ...closed(
      {
        op: { const: kind, description: record.summary },
        ...placement,
        ...(record.arity === 'join' ? joinKeys : {}),
        ...attributeProperties(record.attributes),
      },
      ['op', ...requiredAttributes(record.attributes)],
    ),
  };
}

/** What a parameter, a loop variable or a constant may hold. */
export const argument = {
  anyOf: [
    { type: 'integer', minimum: 0, maximum: 1_000_000 },
    { type: 'string', maxLength: 200 },
    definition('layers'),
  ],
} as const;

export const layerDefinitions = {
  expression: {
    type: 'string',
    maxLength: 200,
    description:
      'Integer arithmetic over names: `bandwidth[2] * 6`, `in / 4`, `classes`. Comparisons (`==` `!=` `<` `<=` `>` `>=`, `and`, `or`) give 1 or 0. Known names: bandwidth, classes, base (in bandwidth), the constants of the file, the parameters of the block, loop variables, `in` (channels that reach this layer) and `entry.in` (channels that enter the block). A division must come out even.',
    examples: ['bandwidth[i]', 'in * 6'],
  },
  layers: {
    type: 'array',
    maxItems: 1000,
    items: definition('layer'),
    description: 'Layers, from input to output.',
  },
  layer: {
    description:
      'An op, a call of a block, or a group of layers. A word alone is an op or block without arguments.',
    if: { type: 'string' },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: { type: 'string', anyOf: [{ enum: opKinds }, { type: 'string', maxLength: 64 }] },
    else: {
      type: 'object',
      if: { required: ['op'] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: definition('op'),
      else: {
        if: { required: ['block'] },
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
        then: definition('call'),
        else: definition('group'),
      },
    },
  },
  op: {
    type: 'object',
    discriminator: { propertyName: 'op' },
    required: ['op'],
    oneOf: opKinds.map((kind) => definition(`op.${kind}`)),
  },
  ...Object.fromEntries(opKinds.map((kind) => [`op.${kind}`, opSchema(kind)])),
  call: {
    type: 'object',
    description: 'A call of a block; every other key is an argument for one of its parameters.',
    properties: {
      block: {
        ...name,
        description: 'The block, or a parameter that holds its name.',
        examples: ['separable'],
      },
      ...placement,
    },
    required: ['block'],
    patternProperties: userKeys,
    additionalProperties: argument,
  },
  group: {
    ...closed({ layers: definition('layers'), ...placement }, ['layers']),
    description:
      'Layers that belong together: to repeat them, or to give them a name, which then stands before theirs.',
  },
  loop: {
    description:
      'Repeats the layer with variables: lists of equal length run side by side, `4..7` is a range, `bandwidth` or `bandwidth[4..]` the entries of a list, and `columns` with `rows` is a table. Arguments of a block call that are left out take the variable of their name.',
    examples: [
      { i: [1, 2, 3] },
      { width: 'bandwidth[4..]' },
      {
        columns: ['width', 'stride'],
        rows: [
          [16, 1],
          [32, 2],
        ],
      },
    ],
    type: 'object',
    minProperties: 1,
    properties: {
      columns: {
        type: 'array',
        items: name,
        minItems: 1,
        maxItems: 16,
        description: 'The variables of a table.',
        examples: [['width', 'stride']],
      },
      rows: {
        type: 'array',
        items: { type: 'array', items: argument, minItems: 1, maxItems: 16 },
        minItems: 1,
        maxItems: 200,
        description: 'Their values, a row each time.',
        examples: [
          [
            [16, 1],
            [32, 2],
          ],
        ],
      },
    },
    additionalProperties: {
      anyOf: [
        {
          type: 'string',
          pattern:
            '^(\\d{1,6}\\.\\.\\d{1,6}|[A-Za-z_][A-Za-z0-9_-]{0,63}(\\[\\d{1,6}\\.\\.(\\d{1,6})?\\])?)$',
        },
        { type: 'array', items: argument, minItems: 1, maxItems: 200 },
      ],
    },
  },
  block: {
    description: 'A stack of layers with a name. A plain list has no parameters.',
    if: { type: 'array' },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: definition('layers'),
    else: {
      type: 'object',
      ...closed(
        {
          parameters: {
            type: 'array',
            maxItems: 16,
            items: {
              anyOf: [
                name,
                {
                  type: 'object',
                  minProperties: 1,
                  maxProperties: 1,
                  additionalProperties: argument,
                },
              ],
            },
            description:
              'Names of the arguments; `name: value` gives a default. A default may be layers.',
            examples: [['width', { stride: 1 }]],
          },
          layers: definition('layers'),
        },
        ['layers'],
      ),
    },
  },
} as const;
