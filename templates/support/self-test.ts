import { bytesOfBase64 } from './base64.ts';
import type { Backend, ModelSpec, PixelImage, SelfTestResult, TestVector } from './types.ts';

/**
 * A made-up photo: slow waves of colour with noise on them, so that every weight takes part. Whole numbers only; the
 * same bytes in every engine.
 */
export function testImage({
  seed,
  width,
  height,
  channels,
}: Omit<TestVector, 'logits'>): PixelImage {
  const data = new Uint8Array(width * height * channels);
  let state = seed | 0;
  for (let i = 0; i < data.length; i++) {
    const c = i % channels;
    const pixel = (i - c) / channels;
    const x = pixel % width;
    const y = (pixel - x) / width;
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    const wave =
      (x * (3 + ((seed + c) % 5)) * 64) / width + (y * (2 + ((seed * 3 + c) % 7)) * 64) / height;
    const ramp = Math.floor(wave) & 255;
    const level = (ramp < 128 ? ramp : 255 - ramp) * 2;
    const noise = (state >>> 24) & 63;
    data[i] = c === 3 ? 255 - (noise << 1) : (level * 192) / 255 + noise;
  }
  return { data, width, height };
}

export function runSelfTest(
  spec: ModelSpec,
  backend: Backend,
  logits: (image: PixelImage) => Float32Array,
): SelfTestResult {
  let maxDifference = 0;
  let largest = 1;
  let exact = true;
  for (const vector of spec.tests) {
    const expected = new Float32Array(bytesOfBase64(vector.logits).buffer);
    const actual = logits(testImage(vector));
    for (let i = 0; i < expected.length; i++) {
      const difference = Math.abs((actual[i] as number) - (expected[i] as number));
      exact = exact && Object.is(actual[i], expected[i]);
      largest = Math.max(largest, Math.abs(expected[i] as number));
      // A NaN stays, and is within no tolerance.
      maxDifference = Math.max(maxDifference, difference);
    }
  }
  const tolerance = spec.tolerance[backend] * largest;
  const passed = spec.tests.length > 0 && (tolerance === 0 ? exact : maxDifference <= tolerance);
  return { passed, backend, exact, maxDifference, tolerance, vectors: spec.tests.length };
}
