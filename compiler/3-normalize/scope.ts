/** What names mean at a place of the file. Lexical: a block sees its parameters and the file, not its callers. */

import type { Layers } from '../2-validate/spec.ts';
import type { Spec } from '../2-validate/validate.ts';
import type { Place } from '../diagnostics/diagnostic.ts';
import type { Shape } from '../graph/shape.ts';

export type Binding =
  | { readonly kind: 'integer'; readonly value: number; readonly sources: readonly Place[] }
  | { readonly kind: 'list'; readonly values: readonly Entry[]; readonly place: Place | undefined }
  /** Layers passed as an argument, to be expanded where they came from. */
  | { readonly kind: 'layers'; readonly layers: Layers; readonly scope: Scope }
  /** The name of an op or block passed as an argument. */
  | { readonly kind: 'word'; readonly word: string; readonly scope: Scope }
  /** Something that was already reported: uses of it stay silent. */
  | { readonly kind: 'unknown' };

export interface Entry {
  readonly value: number | undefined;
  readonly sources: readonly Place[];
}

/** A tensor of the network under construction; its shape is unknown where an error was found before it. */
export interface Tensor {
  readonly name: string;
  readonly shape: Shape | undefined;
}

export class Scope {
  readonly #bindings = new Map<string, Binding>();
  readonly #outer: Scope | undefined;
  readonly #entry: Tensor | undefined;

  /** `entry` is what entered the block whose body this is the scope of. */
  constructor(outer?: Scope, entry?: Tensor) {
    this.#outer = outer;
    this.#entry = entry;
  }

  get entry(): Tensor | undefined {
    return this.#entry ?? this.#outer?.entry;
  }

  bind(name: string, binding: Binding): void {
    this.#bindings.set(name, binding);
  }

  find(name: string): Binding | undefined {
    return this.#bindings.get(name) ?? this.#outer?.find(name);
  }

  /** Names bound here alone, for arguments that loop variables supply. */
  own(name: string): Binding | undefined {
    return this.#bindings.get(name);
  }

  *names(): Generator<string> {
    yield* this.#bindings.keys();
    if (this.#outer) yield* this.#outer.names();
  }
}

/** Words the language keeps for itself. */
export const reservedNames: readonly string[] = [
  'in',
  'entry',
  'previous',
  'image',
  'bandwidth',
  'classes',
  'base',
  'and',
  'or',
];

export function classCount(spec: Spec): number {
  return Array.isArray(spec.classes) ? spec.classes.length : (spec.classes ?? 0);
}
