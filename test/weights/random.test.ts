import { describe, expect, test } from 'vitest';
import {
  fill,
  ln,
  normalQuantile,
  philox,
  streamOf,
  truncatedQuantile,
} from '../../compiler/weights/random.ts';

const hex = (block: readonly number[]) =>
  block.map((n) => n.toString(16).padStart(8, '0')).join(' ');
const ones = 0xffffffff;

describe('philox', () => {
  // kat_vectors of Random123 1.14.
  test.each([
    [[0, 0, 0, 0], [0, 0], '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
    [[ones, ones, ones, ones], [ones, ones], '408f276d 41c83b0e a20bc7c6 6d5451fd'],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      'd16cfe09 94fdcceb 5001e420 24126ea1',
    ],
  ] as const)('gives the known answer for %j', (counter, key, answer) => {
    const [a, b, c, d] = counter;
    expect(hex(philox([a, b, c, d], [key[0], key[1]]))).toBe(answer);
  });
});

test('ln is Math.log within 2 ulp', () => {
  for (let x = 1e-10; x < 1e10; x *= 1.0173) {
    expect(Math.abs(ln(x) - Math.log(x))).toBeLessThanOrEqual(
      5e-16 * Math.abs(Math.log(x)) + 1e-18,
    );
  }
});

test('normalQuantile gives the digits that scipy.stats.norm.ppf gives', () => {
  expect(normalQuantile(0.5)).toBe(0);
  expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 14);
  expect(normalQuantile(0.001)).toBeCloseTo(-3.090232306167813, 14);
  expect(normalQuantile(1e-13)).toBeCloseTo(-7.348796102800677, 12);
});

test('truncated normals lie within two standard deviations', () => {
  expect(truncatedQuantile(0)).toBeCloseTo(-2, 12);
  expect(truncatedQuantile(1)).toBeCloseTo(2, 12);
});

describe('streams', () => {
  const draw = (seed: number, name: string) => {
    const values = new Float32Array(5);
    fill(values, streamOf(seed, name), (u) => u);
    return [...values];
  };

  test('depend on all bits of the seed and on the name', () => {
    const streams = [draw(1, 'a'), draw(2, 'a'), draw(1 + 2 ** 32, 'a'), draw(1, 'b')];
    expect(new Set(streams.map(String)).size).toBe(4);
  });

  test('have the same bits on every machine', () => {
    expect(draw(2020, 'conv2d_1.kernel')).toMatchInlineSnapshot(`
      [
        0.46937641501426697,
        0.09946291893720627,
        0.07181333750486374,
        0.7862704396247864,
        0.07024668157100677,
      ]
    `);
  });

  test('of a longer tensor begin as those of a shorter one', () => {
    const long = new Float32Array(9);
    fill(long, streamOf(1, 'a'), (u) => u);
    expect([...long.subarray(0, 5)]).toEqual(draw(1, 'a'));
  });
});
