/** The training project as files; `npm run prove:pytorch-train` trains with it. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { count } from '../../compiler/5-budget/counts.ts';
import { emitPytorchTrain } from '../../compiler/7-emit/pytorch-train/emit.ts';
import { initialize } from '../../compiler/weights/index.ts';
import { packageRoot } from '../../runtime/package-root.ts';
import { type Recipe, resolveRecipe } from '../../runtime/train/recipe.ts';
import type { Teacher } from '../../runtime/train/teacher.ts';
import { graphOf, networkOf } from '../support/compile.ts';
import { hasPython } from './pytorch-names.ts';
import { textOf } from './support.ts';

const graph = networkOf('- { name: class, op: conv2d, kernel: 3, filters: 4 }\n- batchNorm');

const teacherYaml = `
version: 1
name: teacher
input: { height: 6, width: 5, mean: [0.4, 0.4, 0.4] }
classes: [c, a, b]
layers: [globalAvgPool, { op: dense, units: classes }]
`;
const kd: NonNullable<Recipe['distill']> = {
  ...{ teacher: { kind: 'folder', folder: 'runs/teacher' }, method: 'kd', temperature: 4 },
  ...{ alpha: 0.5, target: 1, others: 8, inter: 1, intra: 1 },
  hints: [],
};

function emitted(recipe: Partial<Recipe> = {}, network = graph, teacher?: Teacher) {
  return emitPytorchTrain({
    ...{ graph: network, weights: initialize(network, 1), counts: count(network), verdicts: [] },
    ...{ source: 'version: 1\n', netlathe: '0.0.0', recipe: { ...resolveRecipe({}), ...recipe } },
    ...(teacher ? { teacher } : {}),
  });
}

describe('the training project', () => {
  test('has the recipe by its keys, and the names of what is frozen', async () => {
    const files = await emitted({ freeze: ['class', 'batch*'], mixup: 0.2 });
    expect([...files.keys()].sort()).toEqual([
      'README.md',
      'architecture.yaml',
      'folders.py',
      'learning.py',
      'model.py',
      'photos.py',
      'recipe.json',
      'requirements.txt',
      'train.py',
      'weights.safetensors',
    ]);
    expect(JSON.parse(textOf(files, 'recipe.json'))).toMatchObject({
      epochs: 40,
      mixup: 0.2,
      optimizer: { name: 'adamw', learningRate: 0.002 },
      frozen: ['layer_class.weight', 'layer_class.bias', 'batchNorm_1.weight', 'batchNorm_1.bias'],
      labelled: false,
      resize: 'cover',
    });
    expect(textOf(files, 'model.py')).toContain('self.layer_class = nn.Conv2d(3, 4, 3)');
  });

  test('says that it is ours in every file, so that it may be written again', async () => {
    for (const [file, contents] of await emitted()) {
      expect(Buffer.from(contents).includes('Made by netlathe'), file).toBe(true);
    }
  });

  test('takes the teacher along', async () => {
    const network = graphOf(teacherYaml);
    const named = { ...graph, classes: ['a', 'b', 'c'] };
    const weights = initialize(network, 2);
    const about = { name: 'teacher', reference: 'x', fingerprint: '', parameters: 1 };
    const classes = network.classes;
    const teacher = {
      ...about,
      classes,
      network: { kind: 'graph', graph: network, weights },
    } as const;
    const files = await emitted({ distill: kd }, named, teacher);
    expect(textOf(files, 'teacher.py')).toContain('self.dense_1 = nn.Linear(3, 3)');
    expect(files.has('teacher.safetensors')).toBe(true);
    expect(JSON.parse(textOf(files, 'recipe.json')).distill).toMatchObject({
      ...{ method: 'kd', alpha: 0.5, temperature: 4, size: [6, 5], mean: [0.4, 0.4, 0.4] },
      // Its classes are c, a, b.
      order: [1, 2, 0],
    });
  });

  test('refuses what it cannot carry', async () => {
    const distill = { ...kd, method: 'dist' } as const;
    await expect(emitted({ distill })).rejects.toThrow('learns by dist');
    const randAugment = { choose: 2, magnitude: 9, ops: ['rotate'] } as const;
    const augment = { ...resolveRecipe({}).augment, randAugment };
    await expect(emitted({ augment })).rejects.toThrow('some of the changes of randAugment');
    const four = networkOf('- { op: conv2d, filters: 2 }', 8, 4);
    await expect(emitted({}, four)).rejects.toThrow('takes 4 channels');
    const two = emitted({ classWeights: [1, 2] });
    await expect(two).rejects.toThrow('has 3 classes, and train.classWeights 2 weights');
  });

  // Where processes are spawned, photos and changes are pickled: functions by their names in the module.
  test.skipIf(!hasPython)('gives its processes nothing without a name (needs python3)', () => {
    const nameless = `
import ast, sys
functions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
tree = ast.parse(sys.stdin.read())
for outer in ast.walk(tree):
    for inner in ast.walk(outer) if isinstance(outer, functions) else []:
        if inner is not outer and isinstance(inner, (*functions, ast.ClassDef)):
            print(inner.lineno)
    if isinstance(outer, ast.Lambda):
        print(outer.lineno)
`;
    const file = path.join(packageRoot(), 'templates/pytorch-train/photos.py');
    const lines = (input: string) =>
      spawnSync('python3', ['-c', nameless], { input, encoding: 'utf8' }).stdout;
    expect(lines('def f(x):\n  return lambda: x\n')).toContain('2');
    expect(lines(readFileSync(file, 'utf8'))).toBe('');
  });

  test.skipIf(!hasPython)('is Python', async () => {
    for (const [file, contents] of await emitted()) {
      if (!file.endsWith('.py')) continue;
      const parse = ['-c', 'import ast, sys; ast.parse(sys.stdin.read())'];
      const { status, stderr } = spawnSync('python3', parse, { input: contents, encoding: 'utf8' });
      expect({ file, status, stderr }).toEqual({ file, status: 0, stderr: '' });
    }
  });
});
