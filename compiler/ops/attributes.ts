/**
 * What an op's attributes may be. One description gives the JSON Schema (and so the editor's completion and the
 * docs), the TypeScript type of the resolved value, and tells the normalizer where expressions are allowed.
 */

interface Described {
  readonly description: string;
  readonly example: unknown;
}

/** A size: an integer, or an expression such as `bandwidth[2] / 4`. */
export interface IntegerAttribute extends Described {
  readonly kind: 'integer';
  readonly minimum: number;
  readonly default?: number;
  /** Absent means "decided by the op from what enters". */
  readonly optional?: true;
  /** In words, for the docs, where the default depends on other attributes. */
  readonly defaultText?: string;
}
/** One size for both axes, or [height, width]. */
export interface PairAttribute extends Described {
  readonly kind: 'pair';
  readonly minimum: number;
  readonly default?: number;
  readonly optional?: true;
  readonly defaultText?: string;
}
export interface PaddingAttribute extends Described {
  readonly kind: 'padding';
  readonly default: number;
}
export interface GroupsAttribute extends Described {
  readonly kind: 'groups';
  readonly default: number;
}
export interface NumberAttribute extends Described {
  readonly kind: 'number';
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly default: number;
}
export interface FlagAttribute extends Described {
  readonly kind: 'flag';
  readonly default: boolean;
}
export interface ChoiceAttribute<V extends string = string> extends Described {
  readonly kind: 'choice';
  readonly values: readonly V[];
  readonly default: V;
}
/** [top, bottom, left, right], or one number for all four. */
export interface EdgesAttribute extends Described {
  readonly kind: 'edges';
}

export type AttributeSpec =
  | IntegerAttribute
  | PairAttribute
  | PaddingAttribute
  | GroupsAttribute
  | NumberAttribute
  | FlagAttribute
  | ChoiceAttribute
  | EdgesAttribute;

export type AttributeSpecs = Readonly<Record<string, AttributeSpec>>;

export type Pair = readonly [height: number, width: number];
export type Edges = readonly [top: number, bottom: number, left: number, right: number];
export type Padding = Pair | 'same' | 'valid';

type Maybe<S, T> = S extends { readonly optional: true } ? T | undefined : T;

export type ValueOf<S extends AttributeSpec> = S extends IntegerAttribute
  ? Maybe<S, number>
  : S extends PairAttribute
    ? Maybe<S, Pair>
    : S extends PaddingAttribute
      ? Padding
      : S extends GroupsAttribute
        ? number | 'depthwise'
        : S extends NumberAttribute
          ? number
          : S extends FlagAttribute
            ? boolean
            : S extends ChoiceAttribute<infer V>
              ? V
              : S extends EdgesAttribute
                ? Edges
                : never;

export type ValuesOf<S extends AttributeSpecs> = { readonly [K in keyof S]: ValueOf<S[K]> };

/** A resolved attribute of any op, as the normalizer hands it on. */
export type AttributeValue = number | string | boolean | Pair | Edges | undefined;
