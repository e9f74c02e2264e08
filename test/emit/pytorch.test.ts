/** model.py as text; `npm run prove:interop` runs it in PyTorch. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { count } from '../../compiler/5-budget/counts.ts';
import { pythonText } from '../../compiler/7-emit/pytorch/identifiers.ts';
import { modelSource } from '../../compiler/7-emit/pytorch/source.ts';
import { torchNames } from '../../compiler/7-emit/pytorch/tree.ts';
import type { Graph } from '../../compiler/graph/graph.ts';
import { architectures } from '../support/architectures.ts';
import { graphOf } from '../support/compile.ts';
import { hostileName } from './hostile-names.ts';
import { faultsOf, hasPython, pythonNames } from './pytorch-names.ts';

function sourceOf(graph: Graph): string {
  const rest = { weights: new Map(), verdicts: [], source: '', netlathe: '0.0.0' };
  return modelSource({ graph, counts: count(graph), ...rest });
}

describe('model.py', () => {
  test('has a class for parts that differ in numbers, and the names of the YAML', async () => {
    const yaml = readFileSync(path.join(import.meta.dirname, 'golden/network.yaml'), 'utf8');
    await expect(sourceOf(graphOf(yaml))).toMatchFileSnapshot('golden/model.py');
  });

  test('of 60 generated architectures names each weight once, as attributes', () => {
    fc.assert(
      fc.property(architectures(), ({ yaml }) => {
        const graph = graphOf(yaml);
        const names = [...torchNames(graph).values()];
        expect(new Set(names).size).toBe(names.length);
        const { trainable, nonTrainable } = count(graph).params;
        expect(names.length === 0).toBe(trainable + nonTrainable === 0);
        for (const name of names) expect(name).toMatch(/^([A-Za-z][A-Za-z0-9_]*\.)+[a-z_]+$/);
        const source = sourceOf(graph);
        for (const [, used] of source.matchAll(/self\.([\w.]+)\(/g)) {
          expect(source).toContain(`self.${used} = `);
        }
      }),
      { numRuns: 60, seed: 23 },
    );
  });

  test('writes text in printable ASCII that ends where it should', () => {
    fc.assert(
      fc.property(hostileName, (name) => {
        const written = pythonText(name);
        expect(written).toMatch(/^"([ !#-[\]-~]|\\["\\]|\\u[0-9a-f]{4}|\\U[0-9a-f]{8})*"$/);
        const read = written
          .slice(1, -1)
          .replace(
            /\\(["\\])|\\u(.{4})|\\U(.{8})/g,
            (_all, plain, four, eight) =>
              plain ?? String.fromCodePoint(Number.parseInt(four ?? eight, 16)),
          );
        expect(read).toBe(name);
      }),
      { numRuns: 500 },
    );
  });

  test.skipIf(!hasPython)('100 sets of hostile names give Python the same tree', () => {
    expect(faultsOf(fc.sample(pythonNames, 100))).toEqual([]);
  });
});
