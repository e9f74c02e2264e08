/**
 * The JSON Schema of an architecture file. Written here once; `schema/architecture.schema.json`, the TypeScript types
 * and the compiled validator are made from it (`npm run generate`).
 */

import { opKinds, ops } from '../../ops/index.ts';
import { attributeProperties, closed, definition, integer, type Schema } from './attributes.ts';
import { argument, layerDefinitions, name } from './layers.ts';
import { recipe } from './recipe.ts';

const size = (description: string, example: number, extra: Schema = {}) => ({
  type: 'integer',
  minimum: 1,
  maximum: 4096,
  description,
  examples: [example],
  ...extra,
});

const definitions = {
  limit: {
    description: 'A limit, and how strict it is.',
    ...closed({
      exactly: {
        type: 'integer',
        minimum: 0,
        description: 'Must be this number.',
        examples: [256779],
      },
      atMost: { type: 'integer', minimum: 0, description: 'Must not be more.', examples: [256779] },
      within: {
        ...closed(
          {
            percent: {
              type: 'number',
              exclusiveMinimum: 0,
              maximum: 100,
              description: 'How far from the target.',
              examples: [1],
            },
            target: {
              type: 'integer',
              minimum: 1,
              description: 'The number aimed at.',
              examples: [250000],
            },
          },
          ['percent', 'target'],
        ),
        description: 'Must be so near.',
        examples: [{ percent: 1, target: 250000 }],
      },
    }),
    minProperties: 1,
    maxProperties: 1,
  },
  weightLimit: {
    description: 'Limits on the bytes of the weights, at each width they may be stored in.',
    ...closed(
      Object.fromEntries(
        ['fp32', 'fp16', 'int8'].map((type) => [type, { ...definition('limit') }]),
      ),
    ),
    minProperties: 1,
  },
  channelValues: {
    type: 'array',
    minItems: 1,
    maxItems: 4,
    items: { type: 'number' },
  },
} as const;

const input = {
  ...closed(
    {
      height: size('Rows of the image.', 128),
      width: size('Columns of the image.', 128),
      channels: size('Colours: 3, or 1 for grey.', 3, { maximum: 4, default: 3 }),
      resize: {
        enum: ['stretch', 'cover', 'fit'],
        default: 'cover',
        description:
          'How a photo of another shape becomes the input: `cover` fills it and crops the centre, `fit` shows all and pads with grey, `stretch` distorts.',
        examples: ['cover'],
      },
      mean: {
        ...definition('channelValues'),
        description: 'Subtracted from each channel, of values in 0..1.',
        default: [0.5, 0.5, 0.5],
        examples: [[0.485, 0.456, 0.406]],
      },
      std: {
        ...definition('channelValues'),
        description: 'Divides each channel, after the mean is subtracted.',
        default: [0.5, 0.5, 0.5],
        examples: [[0.229, 0.224, 0.225]],
      },
    },
    ['height', 'width'],
  ),
  description: 'The image that enters, and how a photo becomes it.',
  examples: [{ height: 128, width: 128 }],
} as const;

const bandwidth = {
  description: 'The list of widths that layers refer to, plain or as base x multipliers.',
  examples: [{ base: 16, multipliers: [1, 2, 4, 8] }, [16, 32, 64]],
  anyOf: [
    { type: 'array', items: integer(1), minItems: 1, maxItems: 256 },
    closed(
      {
        base: { ...integer(1), description: 'Multiplies each entry.', examples: [16] },
        multipliers: {
          type: 'array',
          items: integer(1),
          minItems: 1,
          maxItems: 256,
          description: 'The entries, in units of base.',
          examples: [[1, 2, 4, 8]],
        },
      },
      ['base', 'multipliers'],
    ),
  ],
} as const;

const body = {
  $schema: { type: 'string', description: 'For editors; netlathe does not read it.' },
  version: { const: 1, description: 'Version of the language.', examples: [1] },
  name: {
    type: 'string',
    minLength: 1,
    maxLength: 200,
    description: 'What the network is called, in messages and in what is emitted.',
    examples: ['student'],
  },
  description: {
    type: 'string',
    maxLength: 4000,
    description: 'For readers: where the network comes from.',
    examples: ['MobileNetV2 (Sandler et al. 2018)'],
  },
  input: definition('input'),
  classes: {
    description: 'The number of classes, or their labels in the order of the outputs.',
    anyOf: [
      { type: 'integer', minimum: 2, maximum: 100_000 },
      {
        type: 'array',
        items: { type: 'string', minLength: 1, maxLength: 65_536 },
        minItems: 2,
        maxItems: 10_000,
        uniqueItems: true,
      },
    ],
    examples: [11, ['bread', 'dessert']],
  },
  constants: definition('constants'),
  bandwidth: definition('bandwidth'),
  defaults: definition('defaults'),
  budget: definition('budget'),
  blocks: definition('blocks'),
  layers: definition('layers'),
  train: definition('recipe'),
} as const;

const fields = {
  input,
  bandwidth,
  constants: {
    type: 'object',
    propertyNames: name,
    maxProperties: 100,
    additionalProperties: {
      anyOf: [
        ...argument.anyOf,
        { type: 'array', items: { type: 'integer', minimum: 0 }, minItems: 1, maxItems: 256 },
      ],
    },
    description:
      'Values by name, known in the whole file: a number, a list of numbers, an op or block, or layers. What `extends` and `variants` most often change.',
    examples: [{ depth: [2, 2, 2, 2], act: 'relu' }],
  },
  recipe: { ...recipe, description: 'How the network is trained.' },
  defaults: {
    description: 'Attributes for every layer of an op that does not say otherwise.',
    examples: [{ conv2d: { bias: false, padding: 'same' } }],
    ...closed(
      Object.fromEntries(
        opKinds
          .filter((kind) => Object.keys(ops[kind].attributes).length > 0)
          .map((kind) => [
            kind,
            {
              ...closed(attributeProperties(ops[kind].attributes)),
              description: `Defaults of ${kind}.`,
            },
          ]),
      ),
    ),
  },
  budget: {
    ...closed({
      params: {
        ...definition('limit'),
        description: 'Trainable parameters, as PyTorch counts them.',
      },
      macs: { ...definition('limit'), description: 'Multiply-accumulates for one image.' },
      activationBytes: {
        ...definition('limit'),
        description: 'Peak of the float32 buffers alive at once for one image.',
      },
      weightBytes: definition('weightLimit'),
    }),
    description: 'What the network may cost; `compile --check` proves it.',
    examples: [{ params: { exactly: 256779 } }],
  },
  blocks: {
    type: 'object',
    propertyNames: name,
    maxProperties: 200,
    additionalProperties: definition('block'),
    description: 'Stacks of layers to be called by name.',
    examples: [{ act: ['batchNorm', 'relu'] }],
  },
} as const;

const extendsKey = {
  type: 'string',
  maxLength: 1000,
  description:
    'Another architecture that this file changes: maps merge, the rest is replaced, null removes.',
  examples: ['student.yaml'],
} as const;

export const architectureSchema: Schema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'netlathe architecture',
  description: 'A small image classifier that fits a budget.',
  ...closed({
    ...body,
    extends: extendsKey,
    variants: {
      type: 'object',
      propertyNames: name,
      maxProperties: 100,
      additionalProperties: {
        ...closed(body),
        description: 'Changes to this file, as `extends` would apply them.',
      },
      description: 'The same network built in other ways: `file.yaml#name`.',
      examples: [{ relu: { blocks: { act: ['relu'] } } }],
    },
  }),
  // A file that extends another need not repeat what the other says.
  if: { required: ['extends'] },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: {},
  else: { required: ['version', 'name', 'input', 'classes', 'layers'] },
  definitions: { ...fields, ...layerDefinitions, ...definitions },
};
