/** Figures as a page shows them: intervals, classes, and the mistakes that the network was surest of. */

import sharp from 'sharp';
import type { ImageSet } from '../data/index.ts';
import type { EvaluationRecord, Mistake, PredictionsRecord } from '../report/records.ts';
import { classFigures, wilsonInterval } from '../report/statistics.ts';
import type { Figures } from './figures.ts';

const shown = 24;
const thumbnailSide = 96;

export async function evaluationRecord(
  figures: Figures,
  images: ImageSet,
  classes: readonly string[],
  split: NonNullable<EvaluationRecord['split']>,
): Promise<EvaluationRecord> {
  const { count, loss, top1, top5, confusion } = figures;
  return {
    split,
    count,
    loss,
    top1,
    top5,
    interval: wilsonInterval(Math.round(top1 * count), count),
    perClass: classFigures(classes, confusion),
    confusion,
    worst: await worstMistakes(figures, images, classes),
  };
}

/** Compact: there is a number or two for every photo. */
export function predictionsText(
  split: PredictionsRecord['split'],
  { predictions }: Figures,
): string {
  const record: PredictionsRecord = {
    version: 1,
    split,
    labels: predictions.map(({ label }) => label),
    predicted: predictions.map(({ predicted }) => predicted),
  };
  return `${JSON.stringify(record)}\n`;
}

async function worstMistakes(
  figures: Figures,
  images: ImageSet,
  classes: readonly string[],
): Promise<readonly Mistake[]> {
  const wrong = figures.predictions
    .map((prediction, index) => ({ ...prediction, index }))
    .filter(({ label, predicted }) => label !== predicted)
    .sort((a, b) => b.confidence - a.confidence || a.index - b.index)
    .slice(0, shown);
  return Promise.all(
    wrong.map(async ({ index, label, predicted, confidence }) => ({
      path: images.paths[index] as string,
      label: classes[label] as string,
      predicted: classes[predicted] as string,
      confidence,
      thumbnail: await thumbnail(images, index),
    })),
  );
}

async function thumbnail(images: ImageSet, index: number): Promise<string> {
  const [width, height] = [images.widths[index] as number, images.heights[index] as number];
  const offset = images.offsets[index] as number;
  const pixels = images.pixels.slice(offset, offset + width * height * 3);
  const jpeg = await sharp(pixels, { raw: { width, height, channels: 3 } })
    .resize({
      width: thumbnailSide,
      height: thumbnailSide,
      fit: 'inside',
      kernel: width < thumbnailSide ? 'nearest' : 'lanczos3',
    })
    .jpeg({ quality: 80 })
    .toBuffer();
  return `data:image/jpeg;base64,${jpeg.toString('base64')}`;
}
