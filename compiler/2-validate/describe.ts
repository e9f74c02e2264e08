/** Schemas and values in words, for messages. */

import type { Schema } from './schema/attributes.ts';
import { follow } from './schema-at.ts';

/** What a schema takes: `a whole number of at least 1, or an expression`. `value`: what was given in its place. */
export function describeSchema(root: Schema, schema: Schema, value?: unknown): string {
  const options = schema.anyOf as readonly Schema[] | undefined;
  if (options)
    return [...new Set(options.map((o) => describeSchema(root, o, value)))].join(', or ');
  if (schema.$ref === '#/definitions/expression') return 'an expression';
  if (schema.$ref === '#/definitions/layers') return 'a list of layers';
  if (schema.$ref) return describeSchema(root, follow(root, schema), value);
  if (schema.if && !schema.properties) return describeChoice(root, schema);
  if (schema.enum) return (schema.enum as readonly unknown[]).map(String).join(', ');
  if ('const' in schema) return String(schema.const);
  switch (schema.type) {
    case 'integer':
      return `a whole number${bounds(schema, value)}`;
    case 'number':
      return `a number${bounds(schema, value)}`;
    case 'boolean':
      return 'true or false';
    case 'string':
      if (String(schema.pattern).includes('\\.\\.')) return 'a range such as "4..7"';
      if (schema.pattern) return 'a name';
      return schema.minLength ? 'a text that is not empty' : 'a text';
    case 'array':
      return describeList(schema);
    case 'object':
      return describeMap(schema);
    default:
      return 'another kind of value';
  }
}

/** What if/then/else leaves open. */
function describeChoice(root: Schema, schema: Schema): string {
  const { layer, block } = root.definitions as Readonly<Record<string, Schema>>;
  if (schema === layer) return 'an op, a call of a block, or a group of layers';
  if (schema === block) return 'a list of layers, or a map with parameters and layers';
  return [schema.then, schema.else].map((s) => describeSchema(root, s as Schema)).join(', or ');
}

function bounds(schema: Schema, value: unknown): string {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
  const low =
    minimum !== undefined
      ? `at least ${minimum}`
      : exclusiveMinimum !== undefined
        ? `above ${exclusiveMinimum}`
        : '';
  // A limit that nobody reaches by intent says nothing, unless somebody did.
  const exceeded = typeof value === 'number' && value > Number(maximum);
  const telling = Number(maximum) < 1_000_000 || exceeded;
  const high =
    maximum !== undefined && telling
      ? `at most ${Number(maximum).toLocaleString('en-US')}`
      : exclusiveMaximum !== undefined
        ? `below ${exclusiveMaximum}`
        : '';
  const text = [low, high].filter((t) => t !== '').join(' and ');
  return text === '' ? '' : ` (${text})`;
}

function describeList(schema: Schema): string {
  const { minItems, maxItems } = schema;
  if (minItems !== undefined && minItems === maxItems) return `a list of ${minItems}`;
  const low = Number(minItems ?? 0) > 1 ? ` of at least ${minItems}` : '';
  return `a list${low}`;
}

function describeMap(schema: Schema): string {
  const keys = Object.keys((schema.properties as Schema | undefined) ?? {});
  if (schema.maxProperties === 1 && keys.length > 0) return `a map with one of ${keys.join(', ')}`;
  return keys.length > 0 ? `a map with ${keys.slice(0, 8).join(', ')}` : 'a map';
}

/** A value as the user wrote it, shortened. */
export function show(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value))
    return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'object') return showMap(value);
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}..."` : text;
}

function showMap(value: object): string {
  const keys = Object.keys(value);
  if (keys.length === 0) return 'an empty map';
  return `a map with ${keys.slice(0, 4).join(', ')}${keys.length > 4 ? ', ...' : ''}`;
}
