/** The JSON Schema of learning from a teacher: the key `train.distill`. */

import { closed, type Schema } from './attributes.ts';

const weight = (description: string, value: number, example: number): Schema => ({
  type: 'number',
  minimum: 0,
  description,
  default: value,
  examples: [example],
});

const path = (description: string, example: string): Schema => ({
  type: 'string',
  minLength: 1,
  maxLength: 4096,
  description,
  examples: [example],
});

const channels = (description: string, example: readonly number[]): Schema => ({
  type: 'array',
  items: { type: 'number' },
  minItems: 1,
  maxItems: 4,
  description,
  examples: [example],
});

const layer = (whose: string, example: string): Schema => ({
  type: 'string',
  minLength: 1,
  maxLength: 200,
  description: `Name of the ${whose}'s layer, as \`netlathe compile\` lists it.`,
  examples: [example],
});

const hint: Schema = closed(
  {
    student: layer('student', 'relu_3'),
    teacher: layer('teacher', 'relu_9'),
    kind: {
      enum: ['regression', 'attention'],
      description:
        "regression: the teacher's values, through a 1x1 convolution that is thrown away afterwards (FitNets, Romero et al. 2015). attention: where it looks (Zagoruyko and Komodakis 2017).",
      default: 'attention',
      examples: ['regression'],
    },
    weight: {
      type: 'number',
      exclusiveMinimum: 0,
      description: 'Of its loss. Default: 100 for regression, 1000 for attention.',
      examples: [100],
    },
  },
  ['student', 'teacher'],
);

const teacher: Schema = {
  anyOf: [
    path('Folder of a run, or of a TensorFlow.js model.', 'runs/resnet20-cifar'),
    closed({
      arch: path('An architecture: a file, file#variant or zoo name.', 'resnet20-cifar'),
      weights: path('The weights of `arch`, a .safetensors file.', 'teacher.safetensors'),
      model: path('A tf.LayersModel instead: its folder or its model.json.', 'teacher/model.json'),
      classes: {
        type: 'array',
        items: { type: 'string', minLength: 1, maxLength: 200 },
        minItems: 2,
        maxItems: 100_000,
        uniqueItems: true,
        description:
          'Of `model`: labels in the order of its outputs; those of the photos if left out.',
        examples: [['cat', 'dog']],
      },
      mean: channels(
        'Of `model`: subtracted from values scaled to 0..1; as the student has it if left out.',
        [0.5, 0.5, 0.5],
      ),
      std: channels(
        'Of `model`: divides what is left; as the student has it if left out.',
        [0.5, 0.5, 0.5],
      ),
    }),
  ],
  description:
    'Who teaches: the folder of a run or of a tf.LayersModel, or a map: `arch` with `weights`, or `model`. Paths count from the folder the command runs in.',
  examples: ['runs/resnet20-cifar', { arch: 'resnet20-cifar', weights: 'teacher.safetensors' }],
};

export const distill: Schema = {
  description:
    "Learning from a teacher, which sees the same augmented image: loss = (1 - alpha) cross-entropy + alpha T^2 (the method's comparison at temperature T).",
  examples: [{ teacher: 'runs/resnet20-cifar', temperature: 4, alpha: 0.5 }],
  ...closed(
    {
      teacher,
      method: {
        enum: ['kd', 'dkd', 'dist'],
        description:
          'kd: soft targets (Hinton et al. 2015). dkd: true class and the others apart (Zhao et al. 2022). dist: relations between and within classes (Huang et al. 2022).',
        default: 'kd',
        examples: ['dist'],
      },
      temperature: {
        type: 'number',
        exclusiveMinimum: 0,
        maximum: 1000,
        description: 'What logits of both are divided by before they are compared.',
        default: 4,
        examples: [4],
      },
      alpha: {
        type: 'number',
        minimum: 0,
        maximum: 1,
        description: "The teacher's share of the loss; 1 leaves the labels out.",
        default: 0.5,
        examples: [0.7],
      },
      target: weight('dkd: weight of the true class against all others.', 1, 1),
      others: weight('dkd: weight of the others among themselves.', 8, 2),
      inter: weight('dist: weight of the relation between classes, photo by photo.', 2, 1),
      intra: weight('dist: weight of the relation within a class, over the batch.', 2, 1),
      hints: {
        type: 'array',
        items: hint,
        maxItems: 32,
        description:
          'Layers of the student that also learn from layers of the teacher; each adds its loss. Only from a network of netlathe.',
        default: [],
        examples: [[{ student: 'relu_3', teacher: 'relu_9', kind: 'attention' }]],
      },
    },
    ['teacher'],
  ),
};
