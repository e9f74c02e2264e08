/**
 * The part of the schema that a value of the document is checked against. Ajv's own paths stop at each reference, so
 * this follows the value from the root, choosing branches as the schema does.
 */

import type { Schema } from './schema/attributes.ts';

export interface SchemaAt {
  /** With all its choices: what the value may be. */
  readonly whole: Schema;
  /** The choice that a value of this kind takes: where its keys are listed. */
  readonly chosen: Schema;
}

export function schemaAt(root: Schema, data: unknown, steps: readonly string[]): SchemaAt {
  let value = data;
  let at: SchemaAt = { whole: root, chosen: root };
  for (const step of steps) {
    const schema = child(at.chosen, step);
    value = (value as Readonly<Record<string, unknown>> | undefined)?.[step];
    const whole = follow(root, schema);
    at = { whole, chosen: settle(root, whole, value) };
  }
  return at;
}

export function follow(root: Schema, schema: Schema): Schema {
  const reference = schema.$ref;
  if (typeof reference !== 'string') return schema;
  const name = reference.replace('#/definitions/', '');
  const definitions = root.definitions as Readonly<Record<string, Schema>>;
  return follow(root, definitions[name] ?? {});
}

function child(schema: Schema, step: string): Schema {
  if (schema.items) return schema.items as Schema;
  const properties = (schema.properties ?? {}) as Readonly<Record<string, Schema>>;
  if (Object.hasOwn(properties, step)) return properties[step] as Schema;
  const others = schema.additionalProperties;
  return typeof others === 'object' && others !== null ? (others as Schema) : {};
}

/** Through references, if/then/else, the discriminator and the branches of anyOf, as far as the value decides. */
function settle(root: Schema, schema: Schema, value: unknown): Schema {
  const next = step(root, schema, value);
  return next === undefined ? schema : settle(root, follow(root, next), value);
}

function step(root: Schema, schema: Schema, value: unknown): Schema | undefined {
  if (schema.if && !schema.properties) {
    const branch = holds(schema.if as Schema, value) ? schema.then : schema.else;
    return branch as Schema | undefined;
  }
  if (schema.discriminator) {
    const op = (value as { readonly op?: unknown } | null)?.op;
    const definitions = root.definitions as Readonly<Record<string, Schema>>;
    return typeof op === 'string' ? definitions[`op.${op}`] : undefined;
  }
  if (!schema.anyOf) return undefined;
  const kind = kindOf(value);
  const fitting = (schema.anyOf as readonly Schema[])
    .map((branch) => follow(root, branch))
    .filter((branch) => branch.type === kind);
  return fitting.length === 1 ? fitting[0] : undefined;
}

function holds(condition: Schema, value: unknown): boolean {
  if (condition.type) return kindOf(value) === condition.type;
  const required = (condition.required ?? []) as readonly string[];
  const isMap = typeof value === 'object' && value !== null;
  return isMap && required.every((key) => Object.hasOwn(value, key));
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (value === null) return 'null';
  return typeof value === 'number' && Number.isInteger(value) ? 'integer' : typeof value;
}
