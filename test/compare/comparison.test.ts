/** What the comparison says of made-up runs whose truth is known. */

import { describe, expect, it } from 'vitest';
import { answersOf } from '../../runtime/compare/answers.ts';
import { tagOf } from '../../runtime/compare/collect.ts';
import { figuresOf, pngOf } from '../../runtime/compare/figures.ts';
import { renderMarkdown } from '../../runtime/compare/markdown.ts';
import { spread } from '../../runtime/compare/page/charts.ts';
import { words } from '../../runtime/compare/words/index.ts';
import { madeUp, planOf } from './fixture.ts';

const plan = planOf('suites/report.yaml');
const apart = { depthwise: 0.62, plain: 0.5, group: 0.5, relu: 0.62, adam: 0.6, sgd: 0.6 };
const speaker = { language: 'en', words: words.en, name: (text: string) => text } as const;
const said = (comparison: ReturnType<typeof madeUp>, question: string) =>
  answersOf(comparison, speaker)
    .find((a) => a.question.includes(question))
    ?.sentences.join(' ') ?? '';

describe('the report as planned', () => {
  const of = (id: string) => plan.networks.find((n) => n.id === id);
  const totals = plan.networks.map((n) => [n.id, n.compiled.counts.params.trainable]);

  it('has the totals that were asked for', () => {
    expect(Object.fromEntries(totals)).toMatchObject({
      depthwise: 256_779,
      group: 242_507,
      improved: 283_179,
    });
    const plain = of('plain')?.compiled.counts.params.trainable ?? 0;
    expect(plain).toBeLessThanOrEqual(256_779);
    expect(plain).toBeGreaterThan(256_000);
  });

  it('keeps every limit, and says which network is not held to the common one', () => {
    expect(plan.networks.flatMap((n) => n.verdicts.filter(({ ok }) => !ok))).toEqual([]);
    expect(plan.networks.filter((n) => n.ownBudget).map(({ id }) => id)).toEqual([
      'teacher',
      'improved',
    ]);
  });

  it('shows what is trained beside what the file has', () => {
    const { networks } = madeUp(plan, { skill: apart });
    // The last layer has 256 inputs and a bias: one class less is 257 parameters less.
    expect(networks.find(({ id }) => id === 'depthwise')?.params).toEqual({
      file: 256_779,
      trained: 256_522,
      classesOfFile: 11,
    });
  });
});

describe('answers', () => {
  it('call a large difference a difference, with the figures it rests on', () => {
    const comparison = madeUp(plan, { skill: apart });
    const text = said(comparison, 'Which convolution');
    expect(text).toContain('The highest mean is that of Depthwise + pointwise');
    expect(text).toContain('Depthwise + pointwise beats Plain convolution by');
    expect(text).toContain('paired over 3 seeds): outside the noise of the seeds.');
    const pair = comparison.pairs.find((p) => p.first === 'depthwise' && p.second === 'plain');
    expect(pair?.standing).toBe('ahead');
    expect(text).toContain(`by ${(100 * (pair?.seeds.difference ?? 0)).toFixed(1)} points`);
  });

  it('call a small one noise', () => {
    const alike = { ...apart, depthwise: 0.5 };
    const text = said(madeUp(plan, { skill: alike }), 'Which convolution');
    expect(text).toContain('within the noise of the seeds');
    expect(text).not.toContain('beats');
  });

  it('say of one seed that it cannot tell', () => {
    const text = said(madeUp(plan, { skill: apart }), 'Hardswish');
    expect(text).toContain('with one run each: how much of that is chance in training');
    expect(text).not.toContain('beats');
  });

  it('compare a single run with its twin, not with the mean of others', () => {
    const { pairs } = madeUp(plan, { skill: apart });
    const pair = pairs.find((p) => p.first === 'depthwise' && p.second === 'relu');
    const { first = 0, second = 0 } = pair?.photos?.mcNemar ?? {};
    expect(first + second).toBeGreaterThan(0);
    expect(750 * (pair?.seeds.difference ?? 0)).toBeCloseTo(first - second, 6);
  });

  it('name unequal sizes where they matter', () => {
    const text = said(madeUp(plan, { skill: apart }), 'Which convolution');
    expect(text).toMatch(
      /not of equal size: Depthwise \+ pointwise has 256,522 parameters, 5\.9% more than Group/,
    );
    expect(text).not.toContain('more than Plain convolution.');
  });

  it('claim nothing of what was not held out, not trained, or trained once', () => {
    const all = madeUp(plan, { skill: apart });
    expect(said(all, 'improved')).toContain('Whether it is better cannot be said');
    const none = madeUp(plan, {
      skill: apart,
      status: ({ network }) => (network.id === 'sgd' ? 'missing' : 'finished'),
    });
    expect(said(none, 'SGD')).toBe(
      'Depthwise, SGD has no finished trial yet, so this cannot be answered.',
    );
    const once = madeUp(
      { ...plan, networks: plan.networks.map((n) => ({ ...n, seeds: [0] })) },
      { skill: apart },
    );
    const text = said(once, 'Hardswish');
    expect(text).toContain('with one run each');
    expect(text).toMatch(/exact McNemar p [<=] [\d.]+/);
    expect(text).not.toMatch(/beats|outside the noise/);
  });

  it('pair networks of other input sizes by the photos, and no others', () => {
    const pairedOf = (contents: string | undefined) => {
      const small = { fingerprint: 'photos at 96', ...(contents && { contents }) };
      const usual = { contents: 'photos' };
      const data = { depthwise: usual, group: small };
      const { pairs } = madeUp(plan, { skill: apart, data });
      return pairs.find((p) => p.first === 'depthwise' && p.second === 'group')?.seeds.paired;
    };
    expect(['photos', 'others', undefined].map(pairedOf)).toEqual([true, false, false]);
  });

  it('know the photos of an older record by those of a newer one', () => {
    const photos = { fingerprint: 'photos at 128' };
    const data = { depthwise: photos, group: { ...photos, contents: 'photos' } };
    const { networks } = madeUp(plan, { skill: apart, data });
    const seen = networks
      .filter(({ id }) => id in data)
      .flatMap(({ trials }) => trials.map((trial) => trial.data));
    expect(new Set(seen)).toEqual(new Set(['photos']));
  });

  it('rest on the runs that are finished, with the means of just those', () => {
    const comparison = madeUp(plan, {
      skill: apart,
      status: ({ network, seed }) => (network.id === 'group' && seed === 2 ? 'failed' : 'finished'),
    });
    const pair = comparison.pairs.find((p) => p.first === 'depthwise' && p.second === 'group');
    expect(pair?.seeds).toMatchObject({ n: 2, paired: true });
    const [first, second] = pair?.seeds.means ?? [0, 0];
    expect(first - second).toBeCloseTo(pair?.seeds.difference ?? 0, 12);
    const group = comparison.networks.find(({ id }) => id === 'group');
    expect(group?.trials.map(({ status }) => status)).toEqual(['finished', 'finished', 'failed']);
    expect(group?.trials[2]?.reason).toContain('no longer a number');
    expect(group?.accuracy?.n).toBe(2);
  });

  it('say the same in Chinese', () => {
    const comparison = madeUp(plan, { skill: apart });
    const zh = answersOf(comparison, { language: 'zh', words: words.zh, name: (t) => t });
    const en = answersOf(comparison, speaker);
    const numbers = (list: typeof zh) =>
      list.map(({ sentences }) => sentences.map((s) => (s.match(/\d[\d.,]*%/g) ?? []).sort()));
    expect(numbers(zh)).toEqual(numbers(en));
    expect(zh.flatMap(({ sentences }) => sentences).join('')).not.toMatch(/undefined|NaN|\[object/);
  });
});

describe('what is written beside the page', () => {
  const comparison = madeUp(plan, { skill: apart, epochs: 6 });

  it('is a table whose rows have as many cells as its head', () => {
    const lines = renderMarkdown(comparison, 'en')
      .split('\n')
      .filter((line) => line.startsWith('|'));
    expect(lines).toHaveLength(2 + plan.networks.length);
    expect(new Set(lines.map((line) => line.split('|').length)).size).toBe(1);
  });

  it('are figures with colours that every viewer knows, as SVG and PNG', async () => {
    const figures = await figuresOf(comparison, 'en');
    expect(figures.map(({ name }) => name)).toContain('validation-accuracy');
    expect(figures).toHaveLength(8);
    for (const { svg } of figures) expect(svg).not.toMatch(/var\(|inherit|NaN|undefined/);
    const png = await pngOf(figures[0] as (typeof figures)[0]);
    expect(png.subarray(1, 4).toString()).toBe('PNG');
  });

  it('are of training alone where one network stands by itself', async () => {
    const { networks } = comparison;
    const figures = await figuresOf({ ...comparison, networks: networks.slice(0, 1) }, 'en');
    expect(figures.map(({ name }) => name)).toEqual([
      ...['validation-accuracy', 'validation-loss', 'training-accuracy', 'training-loss'],
    ]);
  });

  it('survives JSON', () => {
    expect(JSON.parse(JSON.stringify(comparison))).toEqual(comparison);
  });
});

it('tags networks with letters, however many there are', () => {
  expect([0, 25, 26, 51, 52].map(tagOf)).toEqual(['A', 'Z', 'AA', 'AZ', 'BA']);
});

it('moves labels apart and keeps their order', () => {
  const placed = spread([{ value: 5 }, { value: 5 }, { value: 4.9 }, { value: 1 }], 1, 0, 6);
  expect(placed.map(({ value }) => value)).toEqual([1, 4, 5, 6]);
});
