/** The JSON Schema of a suite: networks that are trained alike and compared. */

import { closed, definition, type Schema } from '../2-validate/schema/attributes.ts';
import { architectureSchema } from '../2-validate/schema/document.ts';
import { name } from '../2-validate/schema/layers.ts';

type Definitions = Readonly<Record<string, Schema>>;
const known = architectureSchema.definitions as Definitions;

const text = (description: string, example: string): Schema => ({
  description,
  examples: [example],
  anyOf: [
    { type: 'string', minLength: 1, maxLength: 1000 },
    {
      ...closed({
        en: {
          type: 'string',
          minLength: 1,
          maxLength: 1000,
          description: 'In English.',
          examples: [example],
        },
        zh: {
          type: 'string',
          minLength: 1,
          maxLength: 1000,
          description: 'In Chinese.',
          examples: ['深度可分离'],
        },
      }),
      minProperties: 1,
    },
  ],
});

const seeds = (description: string, more: Schema = {}): Schema => ({
  type: 'array',
  items: { type: 'integer', minimum: 0, maximum: 4_294_967_295 },
  minItems: 1,
  maxItems: 1000,
  uniqueItems: true,
  description,
  ...more,
  examples: [[0, 1, 2]],
});

const fit: Schema = {
  anyOf: [
    { type: 'boolean' },
    closed({
      vary: {
        type: 'string',
        minLength: 1,
        maxLength: 100,
        description: 'What may change, as in `netlathe fit --vary`.',
        examples: ['bandwidth[4..7]'],
      },
      multipleOf: {
        type: 'integer',
        minimum: 1,
        maximum: 1024,
        description: 'Of what every width is a multiple.',
        default: 1,
        examples: [4],
      },
    }),
  ],
  description: 'Solves the widths for the budget, as `netlathe fit` does.',
  default: false,
  examples: [true],
};

const network: Schema = {
  description: 'One of the networks: an architecture, and what is different about its training.',
  examples: [{ arch: 'student' }],
  ...closed(
    {
      arch: {
        type: 'string',
        minLength: 1,
        maxLength: 1000,
        description:
          'The architecture: a path that counts from this file, `file.yaml#variant`, or a name of the zoo.',
        examples: ['student-plain'],
      },
      variants: {
        anyOf: [{ const: 'all' }, { type: 'array', items: name, minItems: 1, maxItems: 100 }],
        description:
          'Variants of the architecture, each a network of its own called `name-variant`.',
        examples: [['relu', 'relu6']],
      },
      label: text('What tables and legends call it.', 'Depthwise + pointwise'),
      fit,
      budget: {
        anyOf: [{ const: false }, definition('budget')],
        description:
          'Limits for this network in place of those of the suite; `false` for none. The page says that it is not held to the common budget.',
        examples: [{ params: { exactly: 283179 } }],
      },
      role: {
        enum: ['rival', 'teacher'],
        description:
          'A teacher is trained for others to learn from: held to no budget, and left out of the drawings of cost and confusions.',
        default: 'rival',
        examples: ['teacher'],
      },
      train: definition('partialRecipe'),
      seeds: seeds('Instead of those of the suite.'),
    },
    ['arch'],
  ),
};

const question: Schema = closed(
  {
    ask: text('The question, as the page puts it.', 'Which convolution is best at this size?'),
    of: {
      type: 'array',
      items: { type: 'string', minLength: 1, maxLength: 200 },
      minItems: 2,
      maxItems: 50,
      uniqueItems: true,
      description: 'The networks that it is about; of two, the first is compared with the second.',
      examples: [['depthwise', 'plain']],
    },
  },
  ['ask', 'of'],
);

const ablate: Schema = {
  ...closed(
    {
      network: {
        ...name,
        description: 'The network that is varied. Default: the first.',
        examples: ['depthwise'],
      },
      vary: {
        type: 'object',
        minProperties: 1,
        maxProperties: 100,
        additionalProperties: {},
        description:
          'Keys of the recipe, with dots, and the value or values each takes in turn while all else stays; `null` leaves the key out.',
        examples: [{ labelSmoothing: 0, 'augment.flip': false, ema: null }],
      },
    },
    ['vary'],
  ),
  description: 'Recipe keys to vary one at a time, to see what each is worth.',
  examples: [{ vary: { labelSmoothing: 0 } }],
};

const range = (description: string, example: readonly number[]): Schema => ({
  type: 'array',
  items: { type: 'number' },
  minItems: 2,
  maxItems: 2,
  description,
  examples: [example],
});

const space: Schema = {
  ...closed({
    choice: {
      type: 'array',
      items: {},
      minItems: 1,
      maxItems: 1000,
      description: 'One of these values; `null` leaves the key out.',
      examples: [[0, 0.1]],
    },
    uniform: range('Any number from the first to the second.', [0, 0.2]),
    logUniform: range(
      'Any number from the first to the second, each factor as likely as the next: for rates.',
      [0.0005, 0.02],
    ),
    integer: range('A whole number from the first to the second, both included.', [8, 32]),
    step: {
      type: 'integer',
      minimum: 1,
      description: 'With `integer`: in steps of this, from the first on.',
      default: 1,
      examples: [4],
    },
    points: {
      type: 'integer',
      minimum: 2,
      maximum: 1000,
      description: 'With `method: grid`: how many values of a range, both ends included.',
      examples: [5],
    },
  }),
  minProperties: 1,
  description: 'Values that a key may take.',
  examples: [{ logUniform: [0.0005, 0.02] }],
};

const sweep: Schema = {
  ...closed(
    {
      network: {
        ...name,
        description: 'The network that is searched over. Default: the first.',
        examples: ['depthwise'],
      },
      search: {
        type: 'object',
        minProperties: 1,
        maxProperties: 50,
        additionalProperties: {
          anyOf: [{ type: 'array', items: {}, minItems: 1, maxItems: 1000 }, definition('space')],
        },
        description:
          'Keys, with dots, as an architecture file has them, and the values each may take: a list, or a space. Keys of the recipe begin with `train`.',
        examples: [{ 'train.labelSmoothing': [0, 0.1], 'bandwidth.base': { integer: [8, 16] } }],
      },
      method: {
        enum: ['random', 'grid'],
        description: 'Values drawn at random, or every combination of them.',
        default: 'random',
        examples: ['grid'],
      },
      trials: {
        type: 'integer',
        minimum: 1,
        maximum: 10_000,
        description: 'With `method: random`: how many combinations.',
        default: 16,
        examples: [27],
      },
      seed: {
        type: 'integer',
        minimum: 0,
        maximum: 4_294_967_295,
        description: 'What is drawn depends on this alone: more trials keep those that there are.',
        default: 0,
        examples: [1],
      },
      minEpochs: {
        type: 'integer',
        minimum: 1,
        maximum: 100_000,
        description:
          'Successive halving: all are first trained for about so many epochs, the best of them anew for `eta` times as many, up to the epochs of the recipe. Default: all are trained to the end.',
        examples: [5],
      },
      eta: {
        type: 'integer',
        minimum: 2,
        maximum: 100,
        description: 'With `minEpochs`: one in so many goes on.',
        default: 3,
        examples: [2],
      },
    },
    ['search'],
  ),
  description: 'What `netlathe sweep` searches; `netlathe compare` does not read it.',
  examples: [{ search: { 'train.optimizer.learningRate': { logUniform: [0.0005, 0.02] } } }],
};

const body = {
  $schema: { type: 'string', description: 'For editors; netlathe does not read it.' },
  version: { const: 1, description: 'Version of the language.', examples: [1] },
  name: {
    ...name,
    description: 'What the suite is called: the default folder is `runs/NAME`.',
    examples: ['report'],
  },
  title: text('The heading of the page. Default: the name.', 'Convolutions at equal budget'),
  description: text('A paragraph below the heading.', 'The same recipe for all.'),
  extends: {
    type: 'string',
    maxLength: 1000,
    description:
      'Another suite, or a file with nothing but `train:` in it, that this one changes: maps merge, the rest is replaced, null removes.',
    examples: ['recipe.yaml'],
  },
  data: {
    type: 'string',
    minLength: 1,
    maxLength: 4096,
    description: 'The photos, a path that counts from this file; `--data` says another.',
    examples: ['../examples/cifar10-mini.tar.gz'],
  },
  seeds: seeds('Each network is trained once with each; intervals are over them.', {
    default: [0],
  }),
  budget: {
    ...definition('budget'),
    description: 'What every network is held to, and what `fit` solves the widths for.',
  },
  train: { ...definition('recipe'), description: 'The recipe that all networks share.' },
  networks: {
    type: 'object',
    propertyNames: name,
    minProperties: 1,
    maxProperties: 200,
    additionalProperties: definition('network'),
    description: 'The networks by name, in the order of the page.',
    examples: [{ depthwise: { arch: 'student' } }],
  },
  ablate,
  sweep,
  questions: {
    type: 'array',
    items: definition('question'),
    maxItems: 100,
    description: 'What the page answers in words, from the figures alone.',
    examples: [[{ ask: 'Which is best?', of: ['depthwise', 'plain'] }]],
  },
} as const;

/** What a network changes of a recipe need not be a whole one. */
function partial(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(partial);
  if (typeof node !== 'object' || node === null) return node;
  const entries = Object.entries(node).filter(
    ([key, value]) => key !== 'required' || !isList(value),
  );
  return Object.fromEntries(entries.map(([key, value]) => [key, partial(value)]));
}

const isList = (value: unknown): boolean => Array.isArray(value);

const own: Definitions = {
  network,
  question,
  space,
  partialRecipe: {
    ...(partial(known.recipe) as Schema),
    description: 'Changes to the common recipe: maps merge, the rest is replaced, null removes.',
    examples: [{ optimizer: { name: 'sgd', learningRate: 0.05 } }],
  },
};

/** The definitions that a schema refers to, and those that they refer to. */
function reachable(root: unknown, definitions: Definitions): Definitions {
  const found = new Map<string, Schema>();
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    const { $ref } = node as { readonly $ref?: unknown };
    if (typeof $ref === 'string') {
      const key = $ref.replace('#/definitions/', '');
      const target = definitions[key];
      if (target && !found.has(key)) {
        found.set(key, target);
        visit(target);
      }
    }
    for (const value of Object.values(node)) visit(value);
  };
  visit(root);
  return Object.fromEntries(found);
}

export const suiteSchema: Schema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'netlathe suite',
  description: 'Networks that are trained alike and compared.',
  ...closed(body, ['version', 'name', 'networks']),
  definitions: reachable(body, { ...known, ...own }),
};
