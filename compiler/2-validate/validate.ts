/**
 * Phase 2, validate: document to Spec. The compiled schema finds what is wrong; this file says it once, in words, and
 * at the right place: an unknown key at the key, a missing one at its map, a wrong value at the value.
 */

import type { ErrorObject } from 'ajv';
import type { Document } from '../1-load/load.ts';
import type { Places } from '../1-load/tree.ts';
import {
  badName,
  missingKey,
  notAChoice,
  repeatedLabel,
  unknownKey,
  unknownOp,
  wrongValue,
} from '../diagnostics/codes/validate.ts';
import {
  type Diagnostic,
  diagnose,
  type Outcome,
  outcome,
  type Place,
} from '../diagnostics/diagnostic.ts';
import { didYouMean, nearest } from '../diagnostics/suggest.ts';
import { isOpKind, opKinds } from '../ops/index.ts';
import { describeSchema, show } from './describe.ts';
import { foreignKey, foreignOp } from './foreign.ts';
import type { Schema } from './schema/attributes.ts';
import { architectureSchema } from './schema/document.ts';
import { type SchemaAt, schemaAt } from './schema-at.ts';
import type { Spec } from './spec.ts';
import validator from './validator.generated.js';

export type { Spec } from './spec.ts';

/** A Spec whose required parts are there, and the places of all of it. */
export interface CheckedSpec {
  readonly spec: Spec & Required<Pick<Spec, 'name' | 'input' | 'classes' | 'layers'>>;
  readonly places: Places;
  readonly root: Place;
}

export function validate(document: Document): Outcome<CheckedSpec> {
  const valid = validator(document.data);
  const diagnostics = valid ? [] : explain(validator.errors ?? [], document, architectureSchema);
  const spec = document.data as CheckedSpec['spec'];
  return outcome({ spec, places: document.places, root: document.root }, diagnostics);
}

/** What ajv found, told once and in words. `schema` is what the validator was made from. */
export function explain(
  errors: readonly ErrorObject[],
  document: Document,
  schema: Schema,
): readonly Diagnostic[] {
  const kept = chooseBranches(errors);
  const found = new Map<string, Diagnostic>();
  for (const error of kept) {
    const diagnostic = translate(error, kept, new Cursor(document, schema, error.instancePath));
    if (!diagnostic) continue;
    const at = diagnostic.place?.range.start.offset ?? 0;
    const key = `${diagnostic.place?.file}:${at}:${diagnostic.code}:${diagnostic.message}`;
    if (!found.has(key)) found.set(key, diagnostic);
  }
  return [...found.values()].sort(
    (a, b) => (a.place?.range.start.offset ?? 0) - (b.place?.range.start.offset ?? 0),
  );
}

/**
 * A failed choice reports the errors of every branch and then its own. Where a branch got further into the value than
 * its first look, its errors are the user's; otherwise only the choice itself is worth telling.
 */
function chooseBranches(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const kept: ErrorObject[] = [];
  for (const error of errors) {
    if (
      error.keyword === 'if' ||
      (error.keyword === 'oneOf' && error.params.passingSchemas === null)
    ) {
      continue;
    }
    if (error.keyword !== 'anyOf') {
      kept.push(error);
      continue;
    }
    const inside: ErrorObject[] = [];
    while (kept.length > 0 && isWithin(kept.at(-1) as ErrorObject, error)) {
      inside.unshift(kept.pop() as ErrorObject);
    }
    const deeper = inside.filter((e) => e.instancePath.length > error.instancePath.length);
    // Of a value of the right kind, what is wrong with it.
    const sameKind = inside.filter((e) => e.keyword !== 'type' && e.keyword !== 'const');
    if (deeper.length > 0) kept.push(...deeper);
    else if (sameKind.length > 0 && !sameKind.some((e) => e.keyword === 'enum')) {
      kept.push(...sameKind);
    } else kept.push(error);
  }
  return kept;
}

function isWithin(inner: ErrorObject, outer: ErrorObject): boolean {
  const path = outer.instancePath;
  return inner.instancePath === path || inner.instancePath.startsWith(`${path}/`);
}

/** A value of the document, found by ajv's path. */
class Cursor {
  readonly holder: object | undefined;
  readonly key: string;
  readonly value: unknown;
  readonly schema: SchemaAt;
  readonly root: Schema;
  readonly #document: Document;

  constructor(document: Document, root: Schema, instancePath: string) {
    this.#document = document;
    this.root = root;
    const steps = instancePath
      .split('/')
      .slice(1)
      .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
    let holder: object | undefined;
    let value: unknown = document.data;
    for (const step of steps) {
      holder = value as object;
      value = (holder as Record<string, unknown>)[step];
    }
    this.holder = holder;
    this.key = steps.at(-1) ?? '';
    this.value = value;
    this.schema = schemaAt(root, document.data, steps);
  }

  /** Of the value. */
  get place(): Place {
    const { places, root } = this.#document;
    if (!this.holder) return root;
    return places.at(this.holder, this.key) ?? root;
  }

  placeOfKey(key: string): Place {
    const { places } = this.#document;
    return (
      (typeof this.value === 'object' && this.value && places.key(this.value, key)) || this.place
    );
  }

  placeInside(key: string | number): Place {
    return this.#document.places.at(this.value as object, key) ?? this.place;
  }

  /** How messages call the value: `conv2d`, `block "separable"`, `input`, `the file`. */
  get called(): string {
    const value = this.value as { readonly op?: unknown; readonly block?: unknown } | null;
    if (value && typeof value === 'object') {
      if (typeof value.op === 'string') return value.op;
      if (typeof value.block === 'string') return `the call of "${value.block}"`;
    }
    if (!this.holder) return 'the file';
    return Array.isArray(this.holder) ? 'this entry' : `"${this.key}"`;
  }

  get quotedKey(): string {
    return Array.isArray(this.holder) ? 'this entry' : `"${this.key}"`;
  }
}

function translate(
  error: ErrorObject,
  all: readonly ErrorObject[],
  at: Cursor,
): Diagnostic | undefined {
  const { chosen, whole } = at.schema;
  const nameless = isNamelessLayer(at.value, at.schema);
  switch (error.keyword) {
    case 'additionalProperties': {
      if (nameless) return undefined;
      const key = String(error.params.additionalProperty);
      const known = Object.keys((chosen.properties as Schema | undefined) ?? {});
      return diagnose(
        unknownKey,
        { key, holder: at.called },
        {
          place: at.placeOfKey(key),
          hint: foreignKey(key, known) ?? didYouMean(key, known) ?? listKeys(known),
        },
      );
    }
    case 'required': {
      const key = String(error.params.missingProperty);
      if (nameless) return layerWithoutOp(at);
      if (isMisspelt(key, error, all)) return undefined;
      return diagnose(
        missingKey,
        { key, holder: at.called },
        { place: at.place, hint: exampleOf(chosen, key) },
      );
    }
    case 'discriminator': {
      const op = (at.value as { readonly op?: unknown }).op;
      const place = at.placeInside('op');
      if (typeof op !== 'string') {
        return diagnose(
          wrongValue,
          { key: '"op"', value: show(op), expected: 'the name of an op' },
          { place },
        );
      }
      return diagnose(
        unknownOp,
        { op },
        {
          place,
          hint: foreignOp(op) ?? didYouMean(op, opKinds) ?? `the ops are ${opKinds.join(', ')}`,
        },
      );
    }
    case 'enum':
    case 'const': {
      const choices = (
        error.keyword === 'enum' ? error.params.allowedValues : [error.params.allowedValue]
      ).map(String);
      return diagnose(
        notAChoice,
        { key: at.quotedKey, value: show(at.value), choices },
        {
          place: at.place,
          hint: typeof at.value === 'string' ? didYouMean(at.value, choices) : undefined,
        },
      );
    }
    case 'propertyNames':
      return diagnose(
        badName,
        { name: show(error.params.propertyName) },
        {
          place: at.placeOfKey(String(error.params.propertyName)),
        },
      );
    case 'pattern':
    case 'maxLength':
      // The error of a key is said by `propertyNames`.
      if (error.propertyName !== undefined) return undefined;
      if (whole.pattern === undefined) break;
      return diagnose(badName, { name: show(at.value) }, { place: at.place });
    case 'uniqueItems': {
      const { i, j } = error.params as { i: number; j: number };
      return diagnose(
        repeatedLabel,
        { first: Math.min(i, j), second: Math.max(i, j) },
        {
          place: at.placeInside(Math.max(i, j)),
          related: [{ place: at.placeInside(Math.min(i, j)), message: 'it stands here first' }],
        },
      );
    }
  }
  return diagnose(
    wrongValue,
    {
      key: at.quotedKey,
      value: show(at.value),
      expected: describeSchema(at.root, whole, at.value),
    },
    { place: at.place, hint: hintFor(at.value, whole) },
  );
}

function hintFor(value: unknown, schema: Schema): string | undefined {
  if (schema.type === 'boolean' && typeof value === 'string' && /^(yes|no|on|off)$/i.test(value)) {
    const meant = /^(yes|on)$/i.test(value);
    return `${value} is a word in YAML 1.2: write ${meant}`;
  }
  const limits = Object.keys((schema.properties as Schema | undefined) ?? {});
  if (typeof value === 'number' && limits.includes('exactly')) {
    return `write { exactly: ${value} } or { atMost: ${value} }`;
  }
  if (typeof value === 'number' && limits.includes('height') && limits.includes('width')) {
    return `write { height: ${value}, width: ${value} }`;
  }
  if (typeof value === 'string' && /^\w+$/.test(value) && limits.includes('name')) {
    return `write { name: ${value} }`;
  }
  const isNumber = schema.type === 'integer' || schema.type === 'number';
  if (isNumber && typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value)) {
    return `write ${value} without quotes`;
  }
  return undefined;
}

/** A layer that says neither what it is nor what it calls: it is taken for a group, whose keys it has none of. */
function isNamelessLayer(value: unknown, { whole }: SchemaAt): boolean {
  const { layer } = architectureSchema.definitions as Readonly<Record<string, Schema>>;
  return (
    whole === layer &&
    typeof value === 'object' &&
    value !== null &&
    !['op', 'block', 'layers'].some((key) => Object.hasOwn(value, key))
  );
}

function layerWithoutOp(at: Cursor): Diagnostic {
  const [first = ''] = Object.keys(at.value as object);
  const hint = isOpKind(first)
    ? `write { op: ${first}, ... }`
    : 'op: conv2d, block: NAME for a block of yours, or layers: [...] for a group';
  return diagnose(missingKey, { key: 'op', holder: 'a layer' }, { place: at.place, hint });
}

/** `filter` for `filters` is one mistake, not an unknown key and a missing one. */
function isMisspelt(missing: string, error: ErrorObject, all: readonly ErrorObject[]): boolean {
  return all.some(
    (other) =>
      other.keyword === 'additionalProperties' &&
      other.instancePath === error.instancePath &&
      nearest(String(other.params.additionalProperty), [missing]).length > 0,
  );
}

function listKeys(known: readonly string[]): string | undefined {
  return known.length > 0 ? `its keys are ${known.join(', ')}` : undefined;
}

function exampleOf(parent: Schema, key: string): string | undefined {
  const property = (parent.properties as Record<string, Schema> | undefined)?.[key];
  const example = property && (property.examples as readonly unknown[] | undefined)?.[0];
  return example === undefined ? undefined : `for example ${key}: ${JSON.stringify(example)}`;
}
