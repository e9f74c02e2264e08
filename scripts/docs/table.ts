/** Tables of a schema's keys, for the pages that are made from it. */

import { describeSchema } from '../../compiler/2-validate/describe.ts';
import type { Schema } from '../../compiler/2-validate/schema/attributes.ts';
import { follow } from '../../compiler/2-validate/schema-at.ts';

export type Properties = Readonly<Record<string, Schema>>;

export const propertiesOf = (schema: Schema): Properties => (schema.properties ?? {}) as Properties;

export const required = (schema: Schema): readonly string[] =>
  (schema.required ?? []) as readonly string[];

/** `root` holds the definitions that the properties refer to. */
export const tableOf =
  (root: Schema) =>
  (properties: Properties, needed: readonly string[]): string => {
    const rows = Object.entries(properties).map(([key, given]) => {
      const schema = follow(root, given);
      const text = given.description ?? schema.description ?? '';
      const fallback = needed.includes(key)
        ? 'required'
        : 'default' in given
          ? code(given.default)
          : '';
      const example = ((given.examples ?? schema.examples ?? []) as readonly unknown[])[0];
      const cells = [
        `\`${key}\``,
        capital(String(text)),
        describeSchema(root, given),
        fallback,
        example === undefined ? '' : code(example),
      ];
      return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
    });
    return `| key | what it is | takes | default | example |\n| --- | --- | --- | --- | --- |\n${rows.join('\n')}\n`;
  };

function code(value: unknown): string {
  return `\`${flow(value)}\``;
}

/** As YAML on one line. */
export function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{ ${Object.entries(value)
      .map(([key, v]) => `${key}: ${flow(v)}`)
      .join(', ')} }`;
  }
  const text = String(value);
  return typeof value === 'string' && /[[\]{},:*&#]/.test(text) ? `"${text}"` : text;
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
