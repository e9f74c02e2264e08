/** Every word of the page, so that a language is one file. Names and numbers come in finished. */

export const languages = ['en', 'zh'] as const;
export type Language = (typeof languages)[number];

export interface Beats {
  readonly winner: string;
  readonly loser: string;
  /** `2.8` */
  readonly points: string;
  /** `61.2%` */
  readonly high: string;
  readonly low: string;
  /** `0.9 to 4.7`, in points */
  readonly from: string;
  readonly to: string;
  readonly n: number;
  readonly paired: boolean;
}

export interface Words {
  readonly lang: string;
  /** Between the parts of a list. */
  readonly and: (items: readonly string[]) => string;
  readonly over: {
    readonly comparison: string;
    readonly trials: (done: number, all: number) => string;
  };
  readonly lead: (facts: {
    readonly networks: number;
    readonly seeds: { readonly least: number; readonly most: number };
    readonly epochs: string;
    readonly train: string;
    readonly validation: string | null;
    readonly classes: number;
    readonly time: string;
  }) => string;
  readonly contents: string;
  readonly footer: (version: string) => string;
  readonly heads: Readonly<
    Record<
      | 'answers'
      | 'accuracy'
      | 'differences'
      | 'curves'
      | 'cost'
      | 'speed'
      | 'confusion'
      | 'ablation'
      | 'networks'
      | 'recipe'
      | 'trials'
      | 'method',
      string
    >
  >;
  readonly notices: {
    readonly unfinished: (done: number, all: number, lacking: string) => readonly [string, string];
    readonly failed: (names: string) => readonly [string, string];
    readonly oneSeed: () => readonly [string, string];
    readonly unequal: (facts: {
      readonly smallest: string;
      readonly largest: string;
      readonly low: string;
      readonly high: string;
      readonly percent: string;
    }) => readonly [string, string];
    readonly broken: (names: string) => readonly [string, string];
    readonly chosen: () => readonly [string, string];
    readonly notHeldOut: (names: string) => readonly [string, string];
    readonly otherPhotos: () => readonly [string, string];
    readonly fewSeeds: (n: number, factor: string) => string;
  };
  readonly answers: {
    readonly intro: string;
    readonly none: string;
    readonly notTrained: (name: string) => string;
    readonly notHeldOut: (name: string) => string;
    readonly beats: (facts: Beats) => string;
    readonly within: (facts: Beats) => string;
    readonly equal: (a: string, b: string, figure: string) => string;
    readonly oneSeed: (facts: Omit<Beats, 'from' | 'to' | 'n' | 'paired'>) => string;
    readonly mcNemar: (facts: {
      readonly photos: string;
      readonly first: string;
      readonly second: string;
      readonly a: string;
      readonly b: string;
      readonly p: string;
      readonly sure: boolean;
    }) => string;
    readonly photosToo: (photos: string, from: string, to: string) => string;
    readonly photosOpen: (photos: string, from: string, to: string) => string;
    readonly highest: (name: string, figure: string, n: number) => string;
    readonly unequal: (larger: string, smaller: string, params: string, percent: string) => string;
    readonly several: (pairs: number) => string;
  };
  readonly accuracy: {
    readonly intro: (n: string) => string;
    readonly noFigure: string;
    readonly notRun: string;
    readonly teacher: string;
    readonly scale: (low: string, high: string) => string;
    readonly described: (name: string, mean: string, interval: string | null, n: number) => string;
    readonly last: (figure: string) => string;
    readonly runs: (n: number) => string;
    readonly between: (low: string, high: string) => string;
  };
  readonly differences: {
    readonly intro: string;
    readonly caption: string;
    readonly corner: string;
    readonly legend: readonly [ahead: string, behind: string, within: string, unknown: string];
  };
  readonly curves: {
    readonly intro: (n: string) => string;
    /** Where only some networks have a teacher. */
    readonly taught: string;
    readonly validTop1: string;
    readonly validLoss: string;
    readonly trainTop1: string;
    readonly trainLoss: string;
    readonly small: string;
    readonly smallIntro: string;
    readonly training: string;
    readonly validation: string;
    readonly described: (what: string, epochs: number, ends: string) => string;
    readonly none: string;
  };
  readonly cost: {
    readonly intro: string;
    readonly params: string;
    readonly macs: string;
    readonly bytes: string;
    readonly latency: string;
    readonly latencyHow: (runs: number, cpu: string) => string;
    readonly noLatency: string;
    readonly front: (names: string) => string;
    readonly same: (percent: string) => string;
    readonly described: (what: string, points: string) => string;
    readonly caption: string;
    readonly activations: string;
    readonly network: string;
    readonly milliseconds: string;
    readonly fileTotal: (params: string, classes: number) => string;
  };
  readonly speed: {
    readonly intro: string;
    readonly caption: string;
    readonly epochsTo: (target: string) => string;
    readonly reached: (n: number, of: number) => string;
    readonly never: string;
    readonly none: string;
  };
  readonly confusion: {
    readonly intro: (best: string) => string;
    readonly of: (name: string) => string;
    readonly minus: (name: string, best: string) => string;
    readonly caption: string;
    readonly differenceCaption: string;
    readonly corner: string;
    readonly right: string;
    readonly wrong: string;
    readonly better: string;
    readonly worse: string;
    readonly all: string;
  };
  readonly ablation: {
    readonly intro: (name: string, figure: string | null) => string;
    readonly caption: string;
    readonly change: string;
    readonly accuracy: string;
    readonly difference: string;
    readonly verdict: string;
    readonly standing: Readonly<Record<'ahead' | 'behind' | 'within' | 'unknown', string>>;
    readonly notRun: string;
  };
  readonly networks: {
    readonly intro: string;
    readonly widths: string;
    readonly fitted: (before: string) => string;
    readonly params: string;
    readonly ofClasses: (n: number) => string;
    readonly trained: string;
    readonly limit: string;
    readonly limitOn: (metric: string) => string;
    readonly ownLimit: string;
    readonly kept: string;
    readonly broken: (difference: string) => string;
    readonly rules: {
      readonly exactly: (n: string) => string;
      readonly atMost: (n: string) => string;
      readonly within: (low: string, high: string) => string;
    };
    readonly noLimit: string;
    readonly teacherOf: string;
    readonly changes: string;
    readonly source: (file: string) => string;
    readonly metrics: Readonly<Record<string, string>>;
  };
  readonly recipe: {
    readonly intro: string;
    readonly byDefault: string;
  };
  readonly trials: {
    readonly intro: string;
    readonly caption: string;
    readonly columns: readonly [
      network: string,
      seed: string,
      status: string,
      accuracy: string,
      best: string,
      last: string,
      epochs: string,
      time: string,
    ];
    readonly status: Readonly<Record<'finished' | 'failed' | 'cutOff' | 'missing', string>>;
  };
  readonly method: {
    readonly paragraphs: (facts: {
      readonly numerics: string;
      readonly engine: string;
      readonly cpu: string;
      readonly node: string;
      readonly version: string;
    }) => readonly string[];
  };
}
