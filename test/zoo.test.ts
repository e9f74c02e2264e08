/**
 * The zoo: every file in architectures/ compiles, is sound, keeps its budget and costs what another implementation of
 * the same network costs (`scripts/zoo-counts.py`: torchvision where it has the network).
 */

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { load, type Source } from '../compiler/1-load/load.ts';
import { validate } from '../compiler/2-validate/validate.ts';
import { normalize } from '../compiler/3-normalize/normalize.ts';
import { type Compiled, compile, isComplete } from '../compiler/compile.ts';
import { printGraph } from '../compiler/graph/print.ts';
import { verify } from '../compiler/graph/verify.ts';

const here = import.meta.dirname;
const folder = path.join(here, '../architectures');
const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'));
const disk: Source = {
  resolve: (reference, from) =>
    from === undefined ? reference : path.resolve(path.dirname(from), reference),
  read: (file) => readFileSync(file, 'utf8'),
};

interface Reference {
  readonly source: string;
  readonly params: number;
  readonly nonTrainable: number;
  readonly macs: number;
}
const references = JSON.parse(
  readFileSync(path.join(here, 'zoo/reference-counts.json'), 'utf8'),
) as { readonly models: Readonly<Record<string, Reference>> };

/** Made for the budget here; nobody has counted it before. */
const ownNetworks = ['student-plain-fitted'];

/** Millions of multiply-accumulates for one image, as published. The papers round, and some leave out the dense layers. */
const publishedMacs: Readonly<Record<string, readonly [millions: number, source: string]>> = {
  resnet18: [1814, 'torchvision, GFLOPS of the weights'],
  resnet34: [3664, 'torchvision, GFLOPS of the weights'],
  resnet50: [4089, 'torchvision, GFLOPS of the weights'],
  'mobilenet-v1': [569, 'arXiv 1704.04861, table 4'],
  'mobilenet-v2': [300, 'arXiv 1801.04381, table 4'],
  'mobilenet-v3-large': [219, 'arXiv 1905.02244, table 3'],
  'mobilenet-v3-small': [56, 'arXiv 1905.02244, table 3'],
  'shufflenet-v2-x0.5': [41, 'arXiv 1807.11164'],
  'shufflenet-v2-x1': [146, 'arXiv 1807.11164'],
  'efficientnet-b0': [390, 'arXiv 1905.11946, table 2'],
  ghostnet: [141, 'arXiv 1911.11907'],
};

/** Side in pixels, by hand: 1 + the sum over windows of (size - 1) x the strides before them. */
const receptiveFields = { 'mobilenet-v1': 315, resnet18: 435 };

/** Counts as the literature states them, beside the file's own budget. */
const publishedParams: Readonly<Record<string, readonly [params: number, source: string]>> = {
  student: [256_779, 'NTU ML2020 homework 7, report'],
  'student-deeper': [224_011, 'MareepLearning hw7, report, question 1'],
  'student-group2': [236_571, 'MareepLearning hw7, report, question 4'],
  resnet18: [11_689_512, 'torchvision, num_params of the weights'],
  resnet34: [21_797_672, 'torchvision, num_params of the weights'],
  resnet50: [25_557_032, 'torchvision, num_params of the weights'],
  'mobilenet-v1': [4_231_976, 'Keras, trainable of 4,253,864'],
  'mobilenet-v2': [3_504_872, 'torchvision, num_params of the weights'],
  'mobilenet-v3-small': [2_542_856, 'torchvision, num_params of the weights'],
  'mobilenet-v3-large': [5_483_032, 'torchvision, num_params of the weights'],
  'shufflenet-v2-x0.5': [1_366_792, 'torchvision, num_params of the weights'],
  'shufflenet-v2-x1': [2_278_604, 'torchvision, num_params of the weights'],
  'squeezenet1.1': [1_235_496, 'torchvision, num_params of the weights'],
  'mnasnet1.0': [4_383_312, 'torchvision, num_params of the weights'],
  'efficientnet-b0': [5_288_548, 'torchvision, num_params of the weights'],
  ghostnet: [5_182_508, 'timm 1.0.31, ghostnet_100'],
  'resnet20-cifar': [272_474, 'osmr/imgclsmob, resnet20_cifar10'],
  'preact-resnet20-cifar': [272_282, 'osmr/imgclsmob, preresnet20_cifar10'],
  'densenet-bc-40-12': [176_122, 'osmr/imgclsmob, densenet40_k12_bc_cifar10'],
};

function compiled(file: string, variant?: string): Compiled {
  const result = compile(disk, path.join(folder, file), { variant });
  expect(result.diagnostics.map((d) => `${d.code} ${d.message}`)).toEqual([]);
  if (!isComplete(result)) throw new Error(`${file} did not compile`);
  return result;
}

function expectSound({ graph, budget }: Compiled): void {
  expect(verify(graph)).toEqual([]);
  expect(budget.violations.map((d) => d.message)).toEqual([]);
  expect(budget.verdicts.some((v) => v.metric === 'params')).toBe(true);
}

describe.each(files)('%s', (file) => {
  const name = file.replace(/\.yaml$/, '');

  it('compiles, is sound and keeps its budget', () => {
    const result = compiled(file);
    expectSound(result);
    expect(result.graph.name).toBe(name);
  });

  it('costs what the reference costs', () => {
    const { counts } = compiled(file);
    const { trainable, nonTrainable } = counts.params;
    const reference = references.models[name];
    if (!reference) {
      expect(ownNetworks).toContain(name);
      return;
    }
    const { source: _source, ...expected } = reference;
    expect({ params: trainable, nonTrainable, macs: counts.macs }).toEqual(expected);
  });

  it('compiles in every variant', () => {
    for (const variant of compiled(file).document.variants) {
      const result = compiled(file, variant);
      expectSound(result);
      expect(result.graph.name).toBe(`${name}-${variant}`);
    }
  });

  it('is left as it was written', () => {
    const document = load(disk, path.join(folder, file));
    if (!document.ok) throw new Error('it does not load');
    const before = structuredClone(document.value.data);
    const spec = validate(document.value);
    if (spec.ok) normalize(spec.value);
    expect(document.value.data).toEqual(before);
  });

  it('tells the editor its schema, and readers where it comes from', () => {
    const text = readFileSync(path.join(folder, file), 'utf8');
    expect(text).toMatch(
      /^# yaml-language-server: \$schema=\.\.\/schema\/architecture\.schema\.json\n/,
    );
    expect(text).toMatch(/^description: /m);
  });
});

it('has a file for every reference', () => {
  const names = Object.keys(references.models);
  expect(names.filter((name) => !files.includes(`${name}.yaml`))).toEqual([]);
});

it.each(Object.entries(publishedParams))('%s has the published %s', (name, [params]) => {
  expect(compiled(`${name}.yaml`).counts.params.trainable).toBe(params);
});

it.each(Object.entries(publishedMacs))('%s does the published work', (name, [millions]) => {
  const ratio = compiled(`${name}.yaml`).counts.macs / (millions * 1e6);
  expect(Math.abs(ratio - 1)).toBeLessThan(0.02);
});

it.each(Object.entries(receptiveFields))('%s sees %i pixels', (name, side) => {
  expect(compiled(`${name}.yaml`).counts.receptiveField).toBe(side);
});

it('lets squeeze-and-excite not end the receptive field', () => {
  const { counts } = compiled('efficientnet-b0.yaml');
  expect(counts.receptiveField).toBeGreaterThan(224);
});

it('prints the student as it always did', async () => {
  await expect(printGraph(compiled('student.yaml').graph)).toMatchFileSnapshot(
    'zoo/student.graph.txt',
  );
});
