/** Made from the schema by `npm run generate`. Do not edit. */

export type Budget = import('../2-validate/spec.ts').Budget;

/**
 * Networks that are trained alike and compared.
 */
export interface SuiteSpec {
  /**
   * For editors; netlathe does not read it.
   */
  $schema?: string;
  /**
   * Version of the language.
   */
  version: 1;
  /**
   * What the suite is called: the default folder is `runs/NAME`.
   */
  name: string;
  /**
   * The heading of the page. Default: the name.
   */
  title?:
    | string
    | {
        /**
         * In English.
         */
        en?: string;
        /**
         * In Chinese.
         */
        zh?: string;
      };
  /**
   * A paragraph below the heading.
   */
  description?:
    | string
    | {
        /**
         * In English.
         */
        en?: string;
        /**
         * In Chinese.
         */
        zh?: string;
      };
  /**
   * Another suite, or a file with nothing but `train:` in it, that this one changes: maps merge, the rest is replaced, null removes.
   */
  extends?: string;
  /**
   * The photos, a path that counts from this file; `--data` says another.
   */
  data?: string;
  /**
   * Each network is trained once with each; intervals are over them.
   *
   * @minItems 1
   * @maxItems 1000
   */
  seeds?: number[];
  /**
   * What every network is held to, and what `fit` solves the widths for.
   */
  budget?: import('../2-validate/spec.ts').Budget;
  /**
   * The recipe that all networks share.
   */
  train?: import('../2-validate/spec.ts').Recipe;
  /**
   * The networks by name, in the order of the page.
   */
  networks: {
    [k: string]: Network | undefined;
  };
  /**
   * Recipe keys to vary one at a time, to see what each is worth.
   */
  ablate?: {
    /**
     * The network that is varied. Default: the first.
     */
    network?: string;
    /**
     * Keys of the recipe, with dots, and the value or values each takes in turn while all else stays; `null` leaves the key out.
     */
    vary: {
      [k: string]: unknown | undefined;
    };
  };
  /**
   * What `netlathe sweep` searches; `netlathe compare` does not read it.
   */
  sweep?: {
    /**
     * The network that is searched over. Default: the first.
     */
    network?: string;
    /**
     * Keys, with dots, as an architecture file has them, and the values each may take: a list, or a space. Keys of the recipe begin with `train`.
     */
    search: {
      [k: string]: unknown[] | Space | undefined;
    };
    /**
     * Values drawn at random, or every combination of them.
     */
    method?: 'random' | 'grid';
    /**
     * With `method: random`: how many combinations.
     */
    trials?: number;
    /**
     * What is drawn depends on this alone: more trials keep those that there are.
     */
    seed?: number;
    /**
     * Successive halving: all are first trained for about so many epochs, the best of them anew for `eta` times as many, up to the epochs of the recipe. Default: all are trained to the end.
     */
    minEpochs?: number;
    /**
     * With `minEpochs`: one in so many goes on.
     */
    eta?: number;
  };
  /**
   * What the page answers in words, from the figures alone.
   *
   * @maxItems 100
   */
  questions?: Question[];
}
/**
 * One of the networks: an architecture, and what is different about its training.
 */
export interface Network {
  /**
   * The architecture: a path that counts from this file, `file.yaml#variant`, or a name of the zoo.
   */
  arch: string;
  /**
   * Variants of the architecture, each a network of its own called `name-variant`.
   */
  variants?: 'all' | string[];
  /**
   * What tables and legends call it.
   */
  label?:
    | string
    | {
        /**
         * In English.
         */
        en?: string;
        /**
         * In Chinese.
         */
        zh?: string;
      };
  /**
   * Solves the widths for the budget, as `netlathe fit` does.
   */
  fit?:
    | boolean
    | {
        /**
         * What may change, as in `netlathe fit --vary`.
         */
        vary?: string;
        /**
         * Of what every width is a multiple.
         */
        multipleOf?: number;
      };
  /**
   * Limits for this network in place of those of the suite; `false` for none. The page says that it is not held to the common budget.
   */
  budget?: false | Budget;
  /**
   * A teacher is trained for others to learn from: held to no budget, and left out of the drawings of cost and confusions.
   */
  role?: 'rival' | 'teacher';
  train?: PartialRecipe;
  /**
   * Instead of those of the suite.
   *
   * @minItems 1
   * @maxItems 1000
   */
  seeds?: number[];
}
/**
 * Changes to the common recipe: maps merge, the rest is replaced, null removes.
 */
export interface PartialRecipe {
  /**
   * Passes over the training photos.
   */
  epochs?: number;
  /**
   * Photos a step.
   */
  batch?: number;
  /**
   * Seeds weights, order and augmentation.
   */
  seed?: number;
  /**
   * The optimizer and its settings; formulas as in PyTorch.
   */
  optimizer?: {
    /**
     * Which optimizer.
     */
    name?: 'sgd' | 'adam' | 'adamw' | 'rmsprop';
    /**
     * Peak learning rate.
     */
    learningRate?: number;
    /**
     * Weight decay; decoupled in adamw, added to the gradient elsewhere. Not applied to biases and norms.
     */
    weightDecay?: number;
    /**
     * Momentum of sgd and rmsprop.
     */
    momentum?: number;
    /**
     * Nesterov's momentum, for sgd.
     */
    nesterov?: boolean;
    /**
     * Decay of the first moment of adam and adamw.
     */
    beta1?: number;
    /**
     * Decay of the second moment of adam and adamw; smoothing of rmsprop.
     */
    beta2?: number;
    /**
     * Added to denominators.
     */
    epsilon?: number;
  };
  /**
   * The learning rate over the run, as a share of its peak.
   */
  schedule?: {
    /**
     * Its shape.
     */
    name?: 'constant' | 'step' | 'cosine' | 'oneCycle';
    /**
     * Epochs of linear rise from 0 at the start (constant, step, cosine).
     */
    warmupEpochs?: number;
    /**
     * step: epochs at which the rate falls.
     *
     * @maxItems 32
     */
    milestones?: number[];
    /**
     * step: what it is multiplied by.
     */
    factor?: number;
    /**
     * Share of the peak at the end of cosine and oneCycle.
     */
    floor?: number;
    /**
     * oneCycle: share of the run that rises.
     */
    rise?: number;
  };
  /**
   * Share of the target spread over all classes.
   */
  labelSmoothing?: number;
  /**
   * Decay of the moving average of the weights, which is then what is evaluated and saved.
   */
  ema?: number;
  /**
   * Largest norm of all gradients together.
   */
  clipNorm?: number;
  /**
   * Batches whose gradients are added before a step.
   */
  accumulate?: number;
  /**
   * Alpha of mixup (Zhang et al. 2017); 0 is off.
   */
  mixup?: number;
  /**
   * Alpha of CutMix (Yun et al. 2019); 0 is off.
   */
  cutmix?: number;
  /**
   * Weight of each class in the loss; `balanced` is the inverse of its frequency.
   */
  classWeights?: 'balanced' | number[];
  /**
   * A .safetensors file whose weights training starts from: of netlathe, of an emitted PyTorch module, or of torchvision. A last layer of another number of classes starts anew. The path counts from the working folder.
   */
  init?: string;
  /**
   * Layers whose weights stay as they are; `*` stands for any text.
   *
   * @maxItems 100
   */
  freeze?: string[];
  /**
   * Stops when validation no longer improves.
   */
  earlyStopping?: {
    /**
     * Epochs without a better validation accuracy.
     */
    patience?: number;
  };
  /**
   * What happens to a training photo; each key adds one change, and the order is fixed.
   */
  augment?: {
    /**
     * A random part of the photo, scaled to the input.
     */
    randomResizedCrop?: {
      /**
       * Share of the area that is kept.
       *
       * @minItems 2
       * @maxItems 2
       */
      scale?: number[];
      /**
       * Width by height of the crop.
       *
       * @minItems 2
       * @maxItems 2
       */
      ratio?: number[];
    };
    /**
     * Pads so many pixels around the input and crops at random.
     */
    cropPadding?: number;
    /**
     * Mirrors half of the photos; `alternating` mirrors each photo every second epoch.
     */
    flip?: boolean | 'alternating';
    /**
     * Degrees to either side.
     */
    rotation?: number;
    /**
     * Random brightness, contrast and saturation, as in torchvision.
     */
    colorJitter?: {
      /**
       * Strength.
       */
      brightness?: number;
      /**
       * Strength.
       */
      contrast?: number;
      /**
       * Strength.
       */
      saturation?: number;
    };
    /**
     * RandAugment (Cubuk et al. 2020): changes chosen at random for each photo, after crop, flip and colour.
     */
    randAugment?: {
      /**
       * How many changes each photo gets; one may come twice.
       */
      choose?: number;
      /**
       * How strong: at 30 up to 30 degrees, 45% of the side, 0.3 of shear, factors of 0.1 and 1.9, 4 bits, and all inverted.
       */
      magnitude?: number;
      /**
       * What it chooses from.
       *
       * @minItems 1
       * @maxItems 12
       */
      ops?: (
        | 'identity'
        | 'autocontrast'
        | 'equalize'
        | 'rotate'
        | 'solarize'
        | 'saturation'
        | 'posterize'
        | 'contrast'
        | 'brightness'
        | 'sharpness'
        | 'shear'
        | 'translate'
      )[];
    };
    /**
     * Random erasing (Zhong et al. 2017): a grey box.
     */
    erase?: {
      /**
       * How often.
       */
      probability?: number;
      /**
       * Share of the area.
       *
       * @minItems 2
       * @maxItems 2
       */
      scale?: number[];
    };
  };
  /**
   * Learning from a teacher, which sees the same augmented image: loss = (1 - alpha) cross-entropy + alpha T^2 (the method's comparison at temperature T).
   */
  distill?: {
    /**
     * Who teaches: the folder of a run or of a tf.LayersModel, or a map: `arch` with `weights`, or `model`. Paths count from the folder the command runs in.
     */
    teacher?:
      | string
      | {
          /**
           * An architecture: a file, file#variant or zoo name.
           */
          arch?: string;
          /**
           * The weights of `arch`, a .safetensors file.
           */
          weights?: string;
          /**
           * A tf.LayersModel instead: its folder or its model.json.
           */
          model?: string;
          /**
           * Of `model`: labels in the order of its outputs; those of the photos if left out.
           *
           * @minItems 2
           * @maxItems 100000
           */
          classes?: string[];
          /**
           * Of `model`: subtracted from values scaled to 0..1; as the student has it if left out.
           *
           * @minItems 1
           * @maxItems 4
           */
          mean?: number[];
          /**
           * Of `model`: divides what is left; as the student has it if left out.
           *
           * @minItems 1
           * @maxItems 4
           */
          std?: number[];
        };
    /**
     * kd: soft targets (Hinton et al. 2015). dkd: true class and the others apart (Zhao et al. 2022). dist: relations between and within classes (Huang et al. 2022).
     */
    method?: 'kd' | 'dkd' | 'dist';
    /**
     * What logits of both are divided by before they are compared.
     */
    temperature?: number;
    /**
     * The teacher's share of the loss; 1 leaves the labels out.
     */
    alpha?: number;
    /**
     * dkd: weight of the true class against all others.
     */
    target?: number;
    /**
     * dkd: weight of the others among themselves.
     */
    others?: number;
    /**
     * dist: weight of the relation between classes, photo by photo.
     */
    inter?: number;
    /**
     * dist: weight of the relation within a class, over the batch.
     */
    intra?: number;
    /**
     * Layers of the student that also learn from layers of the teacher; each adds its loss. Only from a network of netlathe.
     *
     * @maxItems 32
     */
    hints?: {
      /**
       * Name of the student's layer, as `netlathe compile` lists it.
       */
      student?: string;
      /**
       * Name of the teacher's layer, as `netlathe compile` lists it.
       */
      teacher?: string;
      /**
       * regression: the teacher's values, through a 1x1 convolution that is thrown away afterwards (FitNets, Romero et al. 2015). attention: where it looks (Zagoruyko and Komodakis 2017).
       */
      kind?: 'regression' | 'attention';
      /**
       * Of its loss. Default: 100 for regression, 1000 for attention.
       */
      weight?: number;
    }[];
  };
  /**
   * Which photos train and which validate.
   */
  data?: {
    /**
     * Folder(s) of the training photos. Naming the validation folder too merges them; then no held-out figure exists.
     */
    train?: string | string[];
    /**
     * Folder of the validation photos; `false` for none.
     */
    validation?: string | false;
    /**
     * Share of the training photos held out for validation where no folder is; seeded, a class as much as another.
     */
    holdOut?: number;
  };
}
/**
 * Values that a key may take.
 */
export interface Space {
  /**
   * One of these values; `null` leaves the key out.
   *
   * @minItems 1
   * @maxItems 1000
   */
  choice?: unknown[];
  /**
   * Any number from the first to the second.
   *
   * @minItems 2
   * @maxItems 2
   */
  uniform?: number[];
  /**
   * Any number from the first to the second, each factor as likely as the next: for rates.
   *
   * @minItems 2
   * @maxItems 2
   */
  logUniform?: number[];
  /**
   * A whole number from the first to the second, both included.
   *
   * @minItems 2
   * @maxItems 2
   */
  integer?: number[];
  /**
   * With `integer`: in steps of this, from the first on.
   */
  step?: number;
  /**
   * With `method: grid`: how many values of a range, both ends included.
   */
  points?: number;
}
export interface Question {
  /**
   * The question, as the page puts it.
   */
  ask:
    | string
    | {
        /**
         * In English.
         */
        en?: string;
        /**
         * In Chinese.
         */
        zh?: string;
      };
  /**
   * The networks that it is about; of two, the first is compared with the second.
   *
   * @minItems 2
   * @maxItems 50
   */
  of: string[];
}
