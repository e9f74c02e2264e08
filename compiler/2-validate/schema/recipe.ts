/** The JSON Schema of a training recipe: the key `train` of an architecture. */

import { closed, type Schema } from './attributes.ts';
import { distill } from './distill.ts';

const share = (description: string, value: number, example: number): Schema => ({
  type: 'number',
  minimum: 0,
  maximum: 1,
  description,
  default: value,
  examples: [example],
});

const positive = (description: string, value: number, example: number): Schema => ({
  type: 'number',
  exclusiveMinimum: 0,
  description,
  default: value,
  examples: [example],
});

const notNegative = (description: string, value: number, example: number): Schema => ({
  type: 'number',
  minimum: 0,
  description,
  default: value,
  examples: [example],
});

const count = (description: string, value: number, example: number, minimum = 1): Schema => ({
  type: 'integer',
  minimum,
  maximum: 1_000_000,
  description,
  default: value,
  examples: [example],
});

const range = (
  description: string,
  value: readonly number[],
  example: readonly number[],
): Schema => ({
  type: 'array',
  items: { type: 'number', exclusiveMinimum: 0 },
  minItems: 2,
  maxItems: 2,
  description,
  default: value,
  examples: [example],
});

export const optimizer: Schema = {
  description: 'The optimizer and its settings; formulas as in PyTorch.',
  default: { name: 'adamw' },
  examples: [{ name: 'adamw', learningRate: 0.002, weightDecay: 0.02 }],
  ...closed(
    {
      name: {
        enum: ['sgd', 'adam', 'adamw', 'rmsprop'],
        description: 'Which optimizer.',
        default: 'adamw',
        examples: ['sgd'],
      },
      learningRate: positive('Peak learning rate.', 0.002, 0.1),
      weightDecay: notNegative(
        'Weight decay; decoupled in adamw, added to the gradient elsewhere. Not applied to biases and norms.',
        0,
        0.02,
      ),
      momentum: share('Momentum of sgd and rmsprop.', 0.9, 0.9),
      nesterov: {
        type: 'boolean',
        description: "Nesterov's momentum, for sgd.",
        default: false,
        examples: [true],
      },
      beta1: share('Decay of the first moment of adam and adamw.', 0.9, 0.9),
      beta2: share(
        'Decay of the second moment of adam and adamw; smoothing of rmsprop.',
        0.999,
        0.99,
      ),
      epsilon: positive('Added to denominators.', 1e-8, 1e-8),
    },
    ['name'],
  ),
};

export const schedule: Schema = {
  description: 'The learning rate over the run, as a share of its peak.',
  default: { name: 'cosine' },
  examples: [{ name: 'cosine', warmupEpochs: 3 }],
  ...closed(
    {
      name: {
        enum: ['constant', 'step', 'cosine', 'oneCycle'],
        description: 'Its shape.',
        default: 'cosine',
        examples: ['cosine'],
      },
      warmupEpochs: notNegative(
        'Epochs of linear rise from 0 at the start (constant, step, cosine).',
        0,
        3,
      ),
      milestones: {
        type: 'array',
        items: { type: 'number', exclusiveMinimum: 0 },
        maxItems: 32,
        description: 'step: epochs at which the rate falls.',
        default: [],
        examples: [[60, 120]],
      },
      factor: positive('step: what it is multiplied by.', 0.1, 0.1),
      floor: share('Share of the peak at the end of cosine and oneCycle.', 0, 0.01),
      rise: share('oneCycle: share of the run that rises.', 0.3, 0.3),
    },
    ['name'],
  ),
};

/** In the order of the paper. */
export const randAugmentOps = [
  'identity',
  'autocontrast',
  'equalize',
  'rotate',
  'solarize',
  'saturation',
  'posterize',
  'contrast',
  'brightness',
  'sharpness',
  'shear',
  'translate',
] as const;

export const augment: Schema = {
  description:
    'What happens to a training photo; each key adds one change, and the order is fixed.',
  examples: [{ randomResizedCrop: { scale: [0.35, 1] }, flip: true }],
  ...closed({
    randomResizedCrop: {
      ...closed({
        scale: range('Share of the area that is kept.', [0.08, 1], [0.35, 1]),
        ratio: range('Width by height of the crop.', [0.75, 1.333], [0.75, 1.333]),
      }),
      description: 'A random part of the photo, scaled to the input.',
      examples: [{ scale: [0.35, 1] }],
    },
    cropPadding: count('Pads so many pixels around the input and crops at random.', 0, 4, 0),
    flip: {
      anyOf: [{ type: 'boolean' }, { const: 'alternating' }],
      description:
        'Mirrors half of the photos; `alternating` mirrors each photo every second epoch.',
      default: false,
      examples: [true],
    },
    rotation: {
      type: 'number',
      minimum: 0,
      maximum: 180,
      description: 'Degrees to either side.',
      default: 0,
      examples: [15],
    },
    colorJitter: {
      ...closed({
        brightness: share('Strength.', 0, 0.2),
        contrast: share('Strength.', 0, 0.2),
        saturation: share('Strength.', 0, 0.2),
      }),
      description: 'Random brightness, contrast and saturation, as in torchvision.',
      examples: [{ brightness: 0.2, contrast: 0.2, saturation: 0.2 }],
    },
    randAugment: {
      ...closed({
        choose: {
          type: 'integer',
          minimum: 1,
          maximum: 4,
          description: 'How many changes each photo gets; one may come twice.',
          default: 2,
          examples: [2],
        },
        magnitude: {
          type: 'number',
          minimum: 0,
          maximum: 30,
          description:
            'How strong: at 30 up to 30 degrees, 45% of the side, 0.3 of shear, factors of 0.1 and 1.9, 4 bits, and all inverted.',
          default: 9,
          examples: [9],
        },
        ops: {
          type: 'array',
          items: { enum: randAugmentOps },
          minItems: 1,
          maxItems: 12,
          uniqueItems: true,
          description: 'What it chooses from.',
          default: randAugmentOps,
          examples: [['rotate', 'brightness', 'autocontrast']],
        },
      }),
      description:
        'RandAugment (Cubuk et al. 2020): changes chosen at random for each photo, after crop, flip and colour.',
      examples: [{ choose: 2, magnitude: 9 }],
    },
    erase: {
      ...closed({
        probability: share('How often.', 0.5, 0.25),
        scale: range('Share of the area.', [0.02, 0.33], [0.02, 0.2]),
      }),
      description: 'Random erasing (Zhong et al. 2017): a grey box.',
      examples: [{ probability: 0.25 }],
    },
  }),
};

export const data: Schema = {
  description: 'Which photos train and which validate.',
  examples: [{ train: 'training', validation: 'validation' }],
  ...closed({
    train: {
      anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' }, minItems: 1 }],
      description:
        'Folder(s) of the training photos. Naming the validation folder too merges them; then no held-out figure exists.',
      examples: ['training', ['training', 'validation']],
    },
    validation: {
      anyOf: [{ type: 'string' }, { const: false }],
      description: 'Folder of the validation photos; `false` for none.',
      examples: ['validation'],
    },
    holdOut: {
      type: 'number',
      exclusiveMinimum: 0,
      exclusiveMaximum: 1,
      description:
        'Share of the training photos held out for validation where no folder is; seeded, a class as much as another.',
      examples: [0.1],
    },
  }),
};

export const recipe: Schema = {
  ...closed({
    epochs: count('Passes over the training photos.', 40, 40),
    batch: count('Photos a step.', 32, 32),
    seed: {
      type: 'integer',
      minimum: 0,
      maximum: 4_294_967_295,
      description: 'Seeds weights, order and augmentation.',
      default: 0,
      examples: [1],
    },
    optimizer,
    schedule,
    labelSmoothing: share('Share of the target spread over all classes.', 0, 0.1),
    ema: {
      type: 'number',
      exclusiveMinimum: 0,
      exclusiveMaximum: 1,
      description:
        'Decay of the moving average of the weights, which is then what is evaluated and saved.',
      examples: [0.999],
    },
    clipNorm: {
      type: 'number',
      exclusiveMinimum: 0,
      description: 'Largest norm of all gradients together.',
      examples: [1],
    },
    accumulate: count('Batches whose gradients are added before a step.', 1, 2),
    mixup: notNegative('Alpha of mixup (Zhang et al. 2017); 0 is off.', 0, 0.2),
    cutmix: notNegative('Alpha of CutMix (Yun et al. 2019); 0 is off.', 0, 1),
    classWeights: {
      anyOf: [
        { const: 'balanced' },
        { type: 'array', items: { type: 'number', exclusiveMinimum: 0 }, minItems: 2 },
      ],
      description: 'Weight of each class in the loss; `balanced` is the inverse of its frequency.',
      examples: ['balanced'],
    },
    init: {
      type: 'string',
      minLength: 1,
      maxLength: 4096,
      description:
        'A .safetensors file whose weights training starts from: of netlathe, of an emitted PyTorch module, or of torchvision. A last layer of another number of classes starts anew. The path counts from the working folder.',
      examples: ['resnet18.safetensors'],
    },
    freeze: {
      type: 'array',
      items: { type: 'string', minLength: 1, maxLength: 200 },
      maxItems: 100,
      description: 'Layers whose weights stay as they are; `*` stands for any text.',
      default: [],
      examples: [['stem*']],
    },
    earlyStopping: {
      ...closed({ patience: count('Epochs without a better validation accuracy.', 10, 10) }, [
        'patience',
      ]),
      description: 'Stops when validation no longer improves.',
      examples: [{ patience: 10 }],
    },
    augment,
    distill,
    data,
  }),
  examples: [{ epochs: 40, batch: 32 }],
};
