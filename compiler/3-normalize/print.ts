/**
 * A normalized network as YAML: one op a layer, every input by name, every default written. Compiling the text gives
 * the same Graph.
 */

import { stringify } from 'yaml';
import type { Spec } from '../2-validate/spec.ts';
import type { Graph } from '../graph/graph.ts';
import type { AttributeValue } from '../ops/attributes.ts';
import { imageName, type NormalLayer, type NormalSpec } from './normal.ts';

export function printNormalized(spec: Spec, normal: NormalSpec, graph: Graph): string {
  const { mean, std, resize } = normal.preprocessing;
  const head = {
    version: 1,
    name: normal.name,
    ...(spec.description === undefined ? {} : { description: spec.description }),
  };
  const rest = {
    classes: normal.labelled ? normal.classes : normal.classes.length,
    ...(normal.budget ? { budget: normal.budget } : {}),
    ...(normal.recipe ? { train: normal.recipe } : {}),
  };
  const lines = normal.layers.map((layer) => `  - ${flow(written(layer, graph))}\n`);
  const last = normal.layers.at(-1)?.name ?? imageName;
  // What comes last in the list need not be the output: an empty group says which is.
  if (last !== normal.output) lines.push(`  - ${flow({ layers: [], from: normal.output })}\n`);
  return [
    block(head),
    `input: ${flow({ ...normal.input, resize, mean, std })}\n`,
    block(rest),
    'layers:\n',
    ...lines,
  ].join('');
}

function written(layer: NormalLayer, graph: Graph): object {
  const { name, op, inputs, attributes } = layer;
  const node = graph.nodes.find((n) => n.name === name);
  const resolved = (node?.attributes ?? {}) as Readonly<Record<string, AttributeValue>>;
  const from = inputs.length === 1 ? inputs[0] : inputs;
  const values = Object.entries(attributes).map(
    // Where the op decided for itself, its decision.
    ([key, value]) => [key, value === undefined ? resolved[key] : value] as const,
  );
  return { name, op, from, ...Object.fromEntries(values.filter(([, v]) => v !== undefined)) };
}

/** Plain copies: parsed maps have no prototype, which the printer of the yaml package trips over. */
function block(value: object): string {
  return stringify(JSON.parse(JSON.stringify(value)), { lineWidth: 100 });
}

/** One line in braces. JSON's quoting is YAML's, too. */
function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, v]) => `${key}: ${flow(v)}`);
    return `{ ${entries.join(', ')} }`;
  }
  return typeof value === 'string' && isPlain(value) ? value : JSON.stringify(value);
}

function isPlain(text: string): boolean {
  return (
    /^[A-Za-z_][A-Za-z0-9_.-]*$/.test(text) && !/^(true|false|null|y|n|yes|no|on|off)$/i.test(text)
  );
}
