import { describe, expect, test } from 'vitest';
import { toHalf } from '../../compiler/7-emit/ts/weights-file.ts';
import { fromHalf } from '../../compiler/weights/dtypes.ts';
import { bytesOfBase64, decodeBase64 } from '../../templates/support/base64.ts';
import { expandHalves } from '../../templates/support/weights.ts';

const finite = Array.from({ length: 65536 }, (_, half) => half).filter(
  (half) => (half & 0x7c00) !== 0x7c00,
);

describe('half floats', () => {
  test('each expands to its value', () => {
    const floats = new Float32Array(finite.length);
    expandHalves(Uint16Array.from(finite), new Uint32Array(floats.buffer));
    for (const [i, half] of finite.entries()) {
      if (!Object.is(floats[i], fromHalf(half))) throw new Error(`half ${half} is ${floats[i]}`);
    }
  });

  test('each is its own nearest', () => {
    for (const half of finite) if (toHalf(fromHalf(half)) !== half) throw new Error(`half ${half}`);
  });

  test('the nearest is chosen, of two equally near the even one', () => {
    for (let half = 0; half < 0x7bff; half++) {
      const [low, high] = [fromHalf(half), fromHalf(half + 1)];
      const middle = (low + high) / 2;
      expect(toHalf(middle)).toBe(half + (half & 1));
      expect(toHalf(low + (high - low) * 0.499)).toBe(half);
      expect(toHalf(-(low + (high - low) * 0.501))).toBe(0x8000 | (half + 1));
    }
  });
});

test('base64 of every length', () => {
  for (let length = 0; length < 70; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 89 + length * 31) & 255);
    const text = Buffer.from(bytes).toString('base64');
    expect(bytesOfBase64(text)).toEqual(bytes);
    expect(decodeBase64(text)).toEqual(bytes);
  }
});
