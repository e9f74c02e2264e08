/** Schemas and values in words, for messages. */

import type { Schema } from './schema/attributes.ts';

/** The schema that raised an error, and the one whose keyword it is. */
export function resolveSchema(root: Schema, schemaPath: string): { readonly parent: Schema } {
  const steps = schemaPath
    .replace(/^#\/?/, '')
    .split('/')
    .map((step) => decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~'));
  let node: unknown = root;
  for (const step of steps.slice(0, -1)) {
    node = follow(root, node);
    node = (node as Record<string, unknown> | undefined)?.[step];
  }
  return { parent: (follow(root, node) as Schema | undefined) ?? {} };
}

function follow(root: Schema, node: unknown): unknown {
  const reference = (node as { readonly $ref?: unknown } | undefined)?.$ref;
  if (typeof reference !== 'string') return node;
  const name = reference.replace('#/definitions/', '');
  return (root.definitions as Record<string, unknown>)[name];
}

/** What a schema takes: `a whole number of at least 1, or an expression`. */
export function describeSchema(root: Schema, schema: Schema): string {
  const options = schema.anyOf as readonly Schema[] | undefined;
  if (options) return [...new Set(options.map((o) => describeSchema(root, o)))].join(', or ');
  if (schema.$ref === '#/definitions/expression') return 'an expression';
  if (schema.$ref === '#/definitions/layers') return 'a list of layers';
  if (schema.$ref) return describeSchema(root, follow(root, schema) as Schema);
  if (schema.enum) return (schema.enum as readonly unknown[]).map(String).join(', ');
  if ('const' in schema) return String(schema.const);
  switch (schema.type) {
    case 'integer':
      return `a whole number${bounds(schema)}`;
    case 'number':
      return `a number${bounds(schema)}`;
    case 'boolean':
      return 'true or false';
    case 'string':
      return schema.maxLength
        ? `a text of ${schema.minLength ?? 0} to ${schema.maxLength} characters`
        : 'a text';
    case 'array':
      return describeList(schema);
    case 'object':
      return describeMap(schema);
    default:
      return 'another kind of value';
  }
}

function bounds(schema: Schema): string {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
  const low =
    minimum !== undefined
      ? `at least ${minimum}`
      : exclusiveMinimum !== undefined
        ? `above ${exclusiveMinimum}`
        : '';
  const high =
    maximum !== undefined
      ? `at most ${maximum}`
      : exclusiveMaximum !== undefined
        ? `below ${exclusiveMaximum}`
        : '';
  const text = [low, high].filter((t) => t !== '').join(' and ');
  return text === '' ? '' : ` (${text})`;
}

function describeList(schema: Schema): string {
  const { minItems, maxItems } = schema;
  if (minItems !== undefined && minItems === maxItems) return `a list of ${minItems}`;
  if (minItems !== undefined)
    return `a list of at least ${minItems}${maxItems ? ` and at most ${maxItems}` : ''}`;
  return maxItems ? `a list of at most ${maxItems}` : 'a list';
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
  if (typeof value === 'object') return 'a map';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}..."` : text;
}
