/** What a student learns from the values inside a teacher. Losses are a sample each; gradients are to the student's. */
import { type Floats, kernel } from '../kernel.ts';

/** FitNets (Romero et al. 2015): loss = weight * mean((own - teacher)^2). */
export const matchFeatures = kernel({
  name: 'matchFeatures',
  args: {
    own: 'in',
    teacher: 'in',
    losses: 'out',
    gradient: 'out',
    size: 'i32',
    weight: 'f32',
    scale: 'f32',
  },
  unit: 'image',
  plain({ own, teacher, losses, gradient, size, weight, scale }, begin, end) {
    for (let n = begin; n < end; n++) {
      let sum = 0;
      for (let i = n * size; i < (n + 1) * size; i++) {
        const gap = own[i]! - teacher[i]!;
        sum += gap * gap;
        gradient[i] = ((2 * weight) / size) * gap * scale;
      }
      losses[n] = (weight * sum) / size;
    }
  },
});

/** Where a layer looks: the mean of the squares over the channels, pixel by pixel. */
export const attentionMap = kernel({
  name: 'attentionMap',
  args: { input: 'in', map: 'out', pixels: 'i32', channels: 'i32' },
  unit: 'image',
  plain({ input, map, pixels, channels }, begin, end) {
    for (let p = begin * pixels; p < end * pixels; p++) {
      let sum = 0;
      for (let c = 0; c < channels; c++) sum += input[p * channels + c]! ** 2;
      map[p] = sum / channels;
    }
  },
});

/** Keeps the length of a map of nothing but zeros from dividing. */
const tiny = 1e-12;

/**
 * Attention transfer (Zagoruyko and Komodakis 2017): both maps are brought to length 1;
 * loss = weight * mean((own - teacher)^2) over the pixels. `map` is the attentionMap of `input`.
 */
export const matchAttention = kernel({
  name: 'matchAttention',
  args: {
    input: 'in',
    map: 'in',
    teacher: 'in',
    losses: 'out',
    gradient: 'out',
    pixels: 'i32',
    channels: 'i32',
    weight: 'f32',
    scale: 'f32',
  },
  unit: 'image',
  plain({ input, map, teacher, losses, gradient, pixels, channels, weight, scale }, begin, end) {
    for (let n = begin; n < end; n++) {
      const own = unitOf(map, n, pixels);
      const wanted = unitOf(teacher, n, pixels);
      const gaps = own.values.map((q, i) => q - wanted.values[i]!);
      const slopes = gaps.map((gap) => ((2 * weight) / pixels) * gap);
      const along = slopes.reduce((sum, s, i) => sum + s * own.values[i]!, 0);
      losses[n] = (weight / pixels) * gaps.reduce((sum, gap) => sum + gap * gap, 0);
      for (let i = 0; i < pixels; i++) {
        const slope = (slopes[i]! - own.values[i]! * along) / own.length;
        for (let c = 0; c < channels; c++) {
          const at = (n * pixels + i) * channels + c;
          gradient[at] = slope * ((2 * input[at]!) / channels) * scale;
        }
      }
    }
  },
});

function unitOf(map: Floats, n: number, pixels: number) {
  const row = Array.from(map.subarray(n * pixels, (n + 1) * pixels));
  const length = Math.max(tiny, Math.sqrt(row.reduce((sum, x) => sum + x * x, 0)));
  return { length, values: row.map((x) => x / length) };
}
