/** JSON Schema (draft-07) of op attributes, made from the op records. */

import type { AttributeSpec, AttributeSpecs } from '../../ops/attributes.ts';

export type Schema = Readonly<Record<string, unknown>>;

export const definition = (name: string): Schema => ({ $ref: `#/definitions/${name}` });

/** Keys that start with x- are the user's own, anywhere. */
export const userKeys = { '^x-': {} } as const;

/** A closed map. */
export function closed(properties: Schema, required: readonly string[] = []): Schema {
  return {
    type: 'object',
    properties,
    ...(required.length > 0 ? { required } : {}),
    patternProperties: userKeys,
    additionalProperties: false,
  };
}

export function attributeProperties(specs: AttributeSpecs): Schema {
  return Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, attribute(spec)]));
}

/** Attributes without which the op has no meaning. */
export function requiredAttributes(specs: AttributeSpecs): readonly string[] {
  return Object.entries(specs)
    .filter(([, spec]) => !('default' in spec) && !('optional' in spec))
    .map(([name]) => name);
}

function attribute(spec: AttributeSpec): Schema {
  const { description, example } = spec;
  const text = 'defaultText' in spec && spec.defaultText ? ` Default: ${spec.defaultText}.` : '';
  return {
    ...type(spec),
    description: description + text,
    ...('default' in spec ? { default: spec.default } : {}),
    examples: [example],
  };
}

function type(spec: AttributeSpec): Schema {
  switch (spec.kind) {
    case 'integer':
      return integer(spec.minimum);
    case 'pair':
      return pair(spec.minimum);
    case 'padding':
      return { anyOf: [...branches(pair(0)), { enum: ['same', 'valid'] }] };
    case 'groups':
      return { anyOf: [...branches(integer(1)), { const: 'depthwise' }] };
    case 'edges':
      return {
        anyOf: [
          ...branches(integer(0)),
          { type: 'array', items: integer(0), minItems: 4, maxItems: 4 },
        ],
      };
    case 'number': {
      const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = spec;
      return JSON.parse(
        JSON.stringify({ type: 'number', minimum, maximum, exclusiveMinimum, exclusiveMaximum }),
      );
    }
    case 'flag':
      return { type: 'boolean' };
    case 'choice':
      return { enum: spec.values };
  }
}

export function integer(minimum: number): Schema {
  return { anyOf: [{ type: 'integer', minimum, maximum: 1_000_000 }, definition('expression')] };
}

function pair(minimum: number): Schema {
  const one = integer(minimum);
  return {
    anyOf: [...branches(one), { type: 'array', items: one, minItems: 2, maxItems: 2 }],
  };
}

function branches(schema: Schema): readonly Schema[] {
  return schema.anyOf as readonly Schema[];
}
