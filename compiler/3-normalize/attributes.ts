/** The attributes of a layer: what it says, else the file's defaults, else the op's; expressions become numbers. */

import type { Places } from '../1-load/tree.ts';
import { missingKey } from '../diagnostics/codes/validate.ts';
import { diagnose, type Place } from '../diagnostics/diagnostic.ts';
import type { AttributeSpec, AttributeValue, Pair } from '../ops/attributes.ts';
import { type OpKind, ops } from '../ops/index.ts';
import { evaluateInteger, type Report, type Surroundings } from './evaluate.ts';

export interface Written {
  /** The map that says it, and the place to blame where a key is missing. */
  readonly holder: object;
  readonly place: Place | undefined;
  readonly around: Omit<Surroundings, 'place' | 'words'>;
}

export interface ResolvedAttributes {
  readonly values: Readonly<Record<string, AttributeValue>>;
  readonly places: ReadonlyMap<string, Place>;
  readonly sources: ReadonlyMap<string, readonly Place[]>;
}

/** `undefined` where a value could not be resolved, which was reported. */
export function resolveAttributes(
  kind: OpKind,
  layer: Written,
  defaults: Written | undefined,
  places: Places,
  report: Report,
): ResolvedAttributes | undefined {
  const values: Record<string, AttributeValue> = {};
  const found = new Map<string, Place>();
  const sources = new Map<string, readonly Place[]>();
  let complete = true;
  for (const [key, spec] of Object.entries(ops[kind].attributes) as [string, AttributeSpec][]) {
    const said = [layer, defaults].find((w) => w && Object.hasOwn(w.holder, key));
    if (!said) {
      const fallback = defaultOf(spec);
      if (fallback === missing) {
        const hint = `for example { op: ${kind}, ${key}: ${spec.example} }`;
        report(diagnose(missingKey, { key, holder: kind }, { place: layer.place, hint }));
        complete = false;
      } else values[key] = fallback;
      continue;
    }
    const place = places.at(said.holder, key) ?? said.place;
    if (place) found.set(key, place);
    const raw = (said.holder as Record<string, unknown>)[key];
    const resolver = new Resolver(key, said, places, report);
    const value = resolver.resolve(spec, raw, place);
    sources.set(key, resolver.sources);
    if (value === undefined) complete = false;
    else values[key] = value;
  }
  return complete ? { values, places: found, sources } : undefined;
}

const missing = Symbol('missing');

function defaultOf(spec: AttributeSpec): AttributeValue | typeof missing {
  if (!('default' in spec) || spec.default === undefined) {
    return 'optional' in spec ? undefined : missing;
  }
  if (spec.kind === 'pair' || spec.kind === 'padding') return [spec.default, spec.default];
  return spec.default;
}

class Resolver {
  readonly sources: Place[] = [];
  readonly #key: string;
  readonly #written: Written;
  readonly #places: Places;
  readonly #report: Report;

  constructor(key: string, written: Written, places: Places, report: Report) {
    this.#key = key;
    this.#written = written;
    this.#places = places;
    this.#report = report;
  }

  resolve(spec: AttributeSpec, raw: unknown, place: Place | undefined): AttributeValue {
    switch (spec.kind) {
      case 'integer':
        return this.#integer(raw, spec.minimum, place);
      case 'pair':
        return this.#pair(raw, spec.minimum, place);
      case 'padding':
        return raw === 'same' || raw === 'valid'
          ? raw
          : this.#pair(raw, 0, place, ['same', 'valid']);
      case 'groups':
        return raw === 'depthwise' ? raw : this.#integer(raw, 1, place, ['depthwise']);
      case 'edges': {
        const edges = this.#list(raw, 0, place, 4);
        return (
          edges && [edges[0] as number, edges[1] as number, edges[2] as number, edges[3] as number]
        );
      }
      case 'number':
        return raw as number;
      case 'flag':
        return raw as boolean;
      case 'choice':
        return raw as string;
    }
  }

  #pair(
    raw: unknown,
    minimum: number,
    place: Place | undefined,
    words?: readonly string[],
  ): Pair | undefined {
    const pair = this.#list(raw, minimum, place, 2, words);
    return pair && [pair[0] as number, pair[1] as number];
  }

  /** One number for all, or a list of `length`. */
  #list(
    raw: unknown,
    minimum: number,
    place: Place | undefined,
    length: number,
    words?: readonly string[],
  ): readonly number[] | undefined {
    if (!Array.isArray(raw)) {
      const one = this.#integer(raw, minimum, place, words);
      return one === undefined ? undefined : Array.from({ length }, () => one);
    }
    const all = raw.map((item, i) =>
      this.#integer(item, minimum, this.#places.at(raw, i) ?? place, words),
    );
    return all.every((n) => n !== undefined) ? all : undefined;
  }

  #integer(
    raw: unknown,
    minimum: number,
    place: Place | undefined,
    words?: readonly string[],
  ): number | undefined {
    const around = { ...this.#written.around, place, ...(words ? { words } : {}) };
    const result = evaluateInteger(
      raw as number | string,
      this.#key,
      minimum,
      around,
      this.#report,
    );
    if (result) this.sources.push(...result.sources);
    return result?.value;
  }
}
