import { describe, expect, it } from 'vitest';
import type { EvaluationRecord, RunRecord } from '../../runtime/report/records.ts';
import { renderReport } from '../../runtime/report/report.ts';
import { settings } from '../../runtime/report/sections/recipe.ts';
import { resolveRecipe } from '../../runtime/train/recipe.ts';
import { epochs, evaluation, foods, mistakes, pixel, run } from './fixture.ts';

const noHeldOut = 'No held-out figure exists.';
const chosen = 'Validation chose the epoch.';

/** The text of a page, near enough to look for words in. */
const textOf = (page: string) =>
  page
    .replace(/<style>.*?<\/style>/s, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');

const withData = (changes: Partial<RunRecord['data']>, more: Partial<RunRecord> = {}) =>
  run({ data: { ...run().data, ...changes }, ...more });

describe('the figures of the page', () => {
  it('are those given', async () => {
    const measured = evaluation(foods, 75, mistakes(3));
    const metrics = epochs(40);
    const text = textOf(await renderReport(run(), metrics, measured));
    expect(text).toContain(`${(100 * measured.top1).toFixed(1)}%`);
    expect(text).toContain(
      `95% interval ${(100 * measured.interval.low).toFixed(1)}% to ${(100 * measured.interval.high).toFixed(1)}%, 825 validation photos`,
    );
    expect(text).toContain('256,779');
    expect(text).toContain('Budget: exactly 256,779 ✓ kept');
    expect(text).toContain('1.287');
    expect(text).toContain('sha256:5f1d7c0e');
    for (const { train, validation } of metrics) {
      expect(text).toContain(train.loss.toFixed(3));
      expect(text).toContain(validation?.loss.toFixed(3));
    }
    for (const layer of run().architecture.counts.layers) expect(text).toContain(layer.name);
  });

  it('say how far a run of some steps got', async () => {
    const [first] = epochs(1);
    const cut = [{ ...(first as (typeof metrics)[0]), step: 30 }];
    const metrics = epochs(2);
    const lead = async (of: typeof metrics) =>
      /trained for .*? on/.exec(textOf(await renderReport(run(), of, undefined)))?.[0];
    expect(await lead(cut)).toBe('trained for 30 steps of 32 photos (0.29 epochs) on');
    expect(await lead(metrics)).toBe('trained for 2 epochs on');
  });

  it('say how a limit is broken', async () => {
    const { architecture } = run();
    const allowed = { minimum: 0, maximum: 200_000 };
    const verdict = {
      metric: 'params',
      limit: 'atMost',
      allowed,
      actual: 256_779,
      ok: false,
    } as const;
    const page = await renderReport(
      run({ architecture: { ...architecture, verdicts: [verdict] } }),
      epochs(2),
      undefined,
    );
    expect(textOf(page)).toContain('Budget: at most 200,000 ✗ broken , 56,779 too many');
  });

  it('are the same for the same run', async () => {
    const [a, b] = [
      await renderReport(run(), epochs(3), evaluation()),
      await renderReport(run(), epochs(3), evaluation()),
    ];
    expect(a).toBe(b);
  });
});

describe('how far to trust the figure', () => {
  it('says that validation chose the epoch', async () => {
    const page = await renderReport(run(), epochs(40), evaluation());
    expect(page).toContain(chosen);
    expect(page).not.toContain(noHeldOut);
  });

  it('says so when the photos were merged, whatever was evaluated on', async () => {
    for (const validation of [null, run().data.validation]) {
      const page = await renderReport(
        withData({ merged: true, validation }),
        epochs(40),
        evaluation(),
      );
      expect(page).toContain(noHeldOut);
      expect(page).toContain('merges the validation photos into training');
      expect(page).toContain('Accuracy on photos it was trained on');
      expect(page).not.toContain(chosen);
    }
  });

  it('says so when there is no validation, and is complete all the same', async () => {
    const bare = withData({ validation: null }, { best: null });
    const page = await renderReport(bare, epochs(5, false), undefined);
    expect(page).toContain(noHeldOut);
    for (const id of ['curves', 'recipe', 'budget', 'environment']) {
      expect(page).toContain(`<section id="${id}"`);
    }
    expect(page).not.toContain('key validation');
  });

  it('has no doubts about photos set apart', async () => {
    const test: EvaluationRecord = { ...evaluation(), split: 'test' };
    const page = await renderReport(withData({ merged: true }), epochs(40), test);
    expect(page).not.toContain(noHeldOut);
    expect(page).toContain('825 test photos');
    expect(await renderReport(run(), epochs(1), evaluation())).not.toContain(chosen);
  });
});

describe('runs of every size', () => {
  it('renders before the first epoch', async () => {
    const page = await renderReport(run({ status: 'running', best: null }), [], undefined);
    expect(page).toContain('No epoch has been finished yet.');
  });

  it('renders one epoch and two classes', async () => {
    const classes = ['cat', 'dog'];
    const page = await renderReport(run({ classes }), epochs(1), evaluation(classes));
    expect(page).toContain('The epoch as a table');
    expect(page).not.toContain('Top-5 accuracy');
  });

  it('renders a hundred classes', async () => {
    const classes = Array.from({ length: 100 }, (_, i) => `class ${i}`);
    const measured = evaluation(classes, 100);
    const page = await renderReport(run({ classes }), epochs(200), measured);
    expect(page.match(/<td class="[hm]"/g)?.length).toBeGreaterThan(500);
    expect(page).not.toMatch(/NaN|undefined|\[object/);
  });

  it('renders metrics that were not finite', async () => {
    const metrics = JSON.parse(JSON.stringify(epochs(3)));
    metrics[2].train.loss = null;
    metrics[2].validation.loss = null;
    const page = await renderReport(run({ status: 'failed' }), metrics, undefined);
    expect(page).toContain('The run failed.');
    expect(page).not.toMatch(/NaN|undefined|null/);
  });
});

describe('what is written into the page', () => {
  it('has the strict policy and no way out', async () => {
    const page = await renderReport(run(), epochs(4), evaluation(foods, 75, mistakes(2)));
    expect(page).toContain(
      `content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"`,
    );
    expect(page).not.toMatch(/<script|<iframe|<object|https?:\/\/(?!www\.w3\.org)|@import|url\(/);
  });

  it('shows only pictures', async () => {
    const [mistake] = mistakes(1);
    if (!mistake) throw new Error('no mistake');
    const thumbnails = [
      pixel,
      'https://example.org/x.png',
      'data:image/svg+xml;base64,AAAA',
      'javascript:1',
    ];
    const worst = thumbnails.map((thumbnail) => ({ ...mistake, thumbnail }));
    const page = await renderReport(run(), epochs(1), { ...evaluation(), worst });
    expect(page.match(/<img /g)).toHaveLength(1);
    expect(page.match(/class="no-picture"/g)).toHaveLength(3);
  });
});

describe('settings', () => {
  it('stand out where they differ, and only where they have a say', () => {
    const sgd = { name: 'sgd', learningRate: 0.1, nesterov: true } as const;
    const used = settings(resolveRecipe({ epochs: 5, optimizer: sgd }));
    const changed = used.filter((s) => s.byDefault !== undefined);
    expect(changed).toEqual([
      { key: 'epochs', value: '5', byDefault: '40' },
      { key: 'optimizer.name', value: 'sgd', byDefault: 'adamw' },
      { key: 'optimizer.learningRate', value: '0.1', byDefault: '0.002' },
      { key: 'optimizer.nesterov', value: 'on', byDefault: 'off' },
    ]);
    const keys = used.map(({ key }) => key);
    expect(keys).toContain('optimizer.momentum');
    expect(keys).not.toContain('optimizer.beta1');
    expect(keys).not.toContain('schedule.milestones');
  });

  it('are all as by default in a recipe that says nothing', () => {
    expect(settings(resolveRecipe(undefined)).filter((s) => s.byDefault !== undefined)).toEqual([]);
  });
});
