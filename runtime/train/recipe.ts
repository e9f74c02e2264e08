/** A recipe with nothing left open: what `train:` says, what flags override, and the defaults of the schema. */

import { randAugmentOps } from '../../compiler/2-validate/schema/recipe.ts';
import type { Recipe as WrittenRecipe } from '../../compiler/2-validate/spec.ts';
import type { DistillLoss } from '../../compiler/6-lower/distill.ts';
import { TrainError } from './train-error.ts';

export interface OptimizerRecipe {
  readonly name: 'sgd' | 'adam' | 'adamw' | 'rmsprop';
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

export interface ScheduleRecipe {
  /** No file asks for `exponential`, a rise from `floor` to the peak: range tests do. */
  readonly name: 'constant' | 'step' | 'cosine' | 'oneCycle' | 'exponential';
  readonly warmupEpochs: number;
  readonly milestones: readonly number[];
  readonly factor: number;
  readonly floor: number;
  readonly rise: number;
}

export type RandAugmentOp = (typeof randAugmentOps)[number];

export interface AugmentRecipe {
  readonly randomResizedCrop:
    | { readonly scale: readonly number[]; readonly ratio: readonly number[] }
    | undefined;
  readonly cropPadding: number;
  readonly flip: boolean | 'alternating';
  readonly rotation: number;
  readonly colorJitter: {
    readonly brightness: number;
    readonly contrast: number;
    readonly saturation: number;
  };
  readonly randAugment:
    | {
        readonly choose: number;
        readonly magnitude: number;
        readonly ops: readonly RandAugmentOp[];
      }
    | undefined;
  readonly erase: { readonly probability: number; readonly scale: readonly number[] } | undefined;
}

/** Where a teacher is to be found; paths count from the working folder. */
export type TeacherReference =
  | { readonly kind: 'folder'; readonly folder: string }
  | { readonly kind: 'architecture'; readonly arch: string; readonly weights: string }
  | {
      readonly kind: 'model';
      readonly model: string;
      readonly classes: readonly string[] | undefined;
      readonly mean: readonly number[] | undefined;
      readonly std: readonly number[] | undefined;
    };

export interface HintRecipe {
  /** Names of layers. */
  readonly student: string;
  readonly teacher: string;
  readonly kind: 'regression' | 'attention';
  readonly weight: number;
}

export interface DistillRecipe extends DistillLoss {
  readonly hints: readonly HintRecipe[];
  readonly teacher: TeacherReference;
}

export interface Recipe {
  readonly epochs: number;
  /** Where given, the run ends after so many steps. */
  readonly steps: number | undefined;
  readonly batch: number;
  readonly seed: number;
  readonly optimizer: OptimizerRecipe;
  readonly schedule: ScheduleRecipe;
  readonly labelSmoothing: number;
  readonly ema: number | undefined;
  readonly clipNorm: number | undefined;
  readonly accumulate: number;
  readonly mixup: number;
  readonly cutmix: number;
  readonly classWeights: 'balanced' | readonly number[] | undefined;
  /** Weights to start from; a path that counts from the working folder. */
  readonly init: string | undefined;
  readonly freeze: readonly string[];
  readonly earlyStopping: { readonly patience: number } | undefined;
  readonly augment: AugmentRecipe;
  readonly distill: DistillRecipe | undefined;
  readonly data: {
    readonly train: string | readonly string[] | undefined;
    readonly validation: string | false | undefined;
    readonly holdOut: number | undefined;
  };
}

/** What flags of `netlathe train` may say instead of the file. */
export interface RecipeOverrides {
  readonly epochs?: number;
  readonly steps?: number;
  readonly batch?: number;
  readonly seed?: number;
  readonly learningRate?: number;
  /** As `distill.teacher`, with the rest of `distill` as it is or by default. */
  readonly teacher?: WrittenTeacher;
}

export type WrittenDistill = NonNullable<WrittenRecipe['distill']>;
export type WrittenTeacher = WrittenDistill['teacher'];

export function resolveRecipe(
  written: WrittenRecipe | undefined,
  flags: RecipeOverrides = {},
): Recipe {
  const w = written ?? {};
  return {
    epochs: flags.epochs ?? w.epochs ?? 40,
    steps: flags.steps,
    batch: flags.batch ?? w.batch ?? 32,
    seed: flags.seed ?? w.seed ?? 0,
    optimizer: resolveOptimizer(w.optimizer, flags.learningRate),
    schedule: resolveSchedule(w.schedule),
    labelSmoothing: w.labelSmoothing ?? 0,
    ema: w.ema,
    clipNorm: w.clipNorm,
    accumulate: w.accumulate ?? 1,
    mixup: w.mixup ?? 0,
    cutmix: w.cutmix ?? 0,
    classWeights: w.classWeights,
    init: w.init,
    freeze: w.freeze ?? [],
    earlyStopping: w.earlyStopping && { patience: w.earlyStopping.patience },
    augment: resolveAugment(w.augment),
    distill: resolveDistill(w.distill, flags.teacher),
    data: { train: w.data?.train, validation: w.data?.validation, holdOut: w.data?.holdOut },
  };
}

function resolveOptimizer(
  written: WrittenRecipe['optimizer'],
  learningRate: number | undefined,
): OptimizerRecipe {
  const o = written ?? { name: 'adamw' as const };
  return {
    name: o.name,
    learningRate: learningRate ?? o.learningRate ?? 0.002,
    weightDecay: o.weightDecay ?? 0,
    momentum: o.momentum ?? 0.9,
    nesterov: o.nesterov ?? false,
    beta1: o.beta1 ?? 0.9,
    beta2: o.beta2 ?? 0.999,
    epsilon: o.epsilon ?? 1e-8,
  };
}

function resolveSchedule(written: WrittenRecipe['schedule']): ScheduleRecipe {
  const s = written ?? { name: 'cosine' as const };
  return {
    name: s.name,
    warmupEpochs: s.warmupEpochs ?? 0,
    milestones: s.milestones ?? [],
    factor: s.factor ?? 0.1,
    floor: s.floor ?? 0,
    rise: s.rise ?? 0.3,
  };
}

function resolveAugment(written: WrittenRecipe['augment']): AugmentRecipe {
  const a = written ?? {};
  const { brightness = 0, contrast = 0, saturation = 0 } = a.colorJitter ?? {};
  const crop = a.randomResizedCrop;
  return {
    randomResizedCrop: crop && {
      scale: crop.scale ?? [0.08, 1],
      ratio: crop.ratio ?? [0.75, 1.333],
    },
    cropPadding: a.cropPadding ?? 0,
    flip: a.flip ?? false,
    rotation: a.rotation ?? 0,
    colorJitter: { brightness, contrast, saturation },
    randAugment: a.randAugment && {
      choose: a.randAugment.choose ?? 2,
      magnitude: a.randAugment.magnitude ?? 9,
      ops: a.randAugment.ops ?? randAugmentOps,
    },
    erase: a.erase && {
      probability: a.erase.probability ?? 0.5,
      scale: a.erase.scale ?? [0.02, 0.33],
    },
  };
}

function resolveDistill(
  written: WrittenRecipe['distill'],
  flag: WrittenTeacher | undefined,
): DistillRecipe | undefined {
  const teacher = flag ?? written?.teacher;
  if (teacher === undefined) return undefined;
  const d: Partial<WrittenDistill> = written ?? {};
  return {
    teacher: teacherReference(teacher),
    method: d.method ?? 'kd',
    temperature: d.temperature ?? 4,
    alpha: d.alpha ?? 0.5,
    target: d.target ?? 1,
    others: d.others ?? 8,
    inter: d.inter ?? 2,
    intra: d.intra ?? 2,
    hints: (d.hints ?? []).map(({ student, teacher: theirs, kind = 'attention', weight }) => ({
      ...{ student, teacher: theirs, kind },
      // Those of Tian et al. 2020, whose losses are means too.
      weight: weight ?? (kind === 'attention' ? 1000 : 100),
    })),
  };
}

export function teacherReference(written: WrittenTeacher): TeacherReference {
  if (typeof written === 'string') return { kind: 'folder', folder: written };
  const { arch, weights, model, classes, mean, std } = written;
  if (model !== undefined && arch === undefined && weights === undefined) {
    return { kind: 'model', model, classes, mean, std };
  }
  const more = [model, classes, mean, std];
  if (arch !== undefined && weights !== undefined && more.every((x) => x === undefined)) {
    return { kind: 'architecture', arch, weights };
  }
  throw new TrainError({
    code: 'E546',
    message: `distill.teacher is neither arch with weights nor model: it has ${Object.keys(written).join(', ') || 'no keys'}`,
    hint: 'give arch and weights, or model with what belongs to it (classes, mean, std)',
  });
}

/** Whether a photo looks the same in every epoch, so that what a teacher says of it is always the same too. */
export function isViewFixed({ augment, mixup, cutmix }: Recipe): boolean {
  const { randomResizedCrop, cropPadding, flip, rotation, colorJitter, erase, randAugment } =
    augment;
  const { brightness, contrast, saturation } = colorJitter;
  const strengths = [mixup, cutmix, cropPadding, rotation, brightness, contrast, saturation];
  return strengths.every((x) => x === 0) && !flip && !randomResizedCrop && !erase && !randAugment;
}
