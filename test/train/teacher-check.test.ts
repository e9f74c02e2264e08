/** What is read from a teacher's logits. */
import { describe, expect, it } from 'vitest';
import { calibrationOf, sampleOf, softnessOf } from '../../runtime/train/teacher-check.ts';
import { photos } from '../support/photos.ts';

describe('a teacher that is checked', () => {
  it('is as soft as its temperature makes it', () => {
    const sure = Float32Array.of(20, 0, 0, 0, 20, 0);
    expect(softnessOf(sure, 3, 1)).toMatchObject({ verdict: 'nearly one-hot' });
    expect(softnessOf(sure, 3, 1000)).toMatchObject({ verdict: 'nearly uniform' });
    expect(softnessOf(sure, 3, 10)).toMatchObject({ verdict: 'informative' });
    const flat = softnessOf(new Float32Array(8), 4, 1);
    expect(flat.entropy).toBeCloseTo(1, 12);
    expect(flat.largest).toBeCloseTo(0.25, 12);
    const half = softnessOf(Float32Array.of(50, 50, -500, -500), 4, 1);
    expect(half.entropy).toBeCloseTo(0.5, 6);
  });

  it('is calibrated where it is right as often as it is sure', () => {
    const said = (confidence: number, right: boolean) => ({
      ...{ label: 0, predicted: right ? 0 : 1, confidence },
    });
    const fair = [true, true, true, false].map((right) => said(0.75, right));
    expect(calibrationOf(fair)).toMatchObject({ error: 0, confidence: 0.75 });
    expect(calibrationOf([said(0.9, false), said(0.2, true)]).error).toBeCloseTo(0.85, 12);
  });

  it('is asked about photos from all over the set', () => {
    const all = photos(30, 3);
    const some = sampleOf(all, 7);
    expect(some.count).toBe(7);
    expect([...some.paths]).toEqual([0, 4, 8, 12, 17, 21, 25].map((i) => all.paths[i]));
    expect(sampleOf(all, 30)).toBe(all);
  });
});
