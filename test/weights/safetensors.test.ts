import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  readSafetensors,
  type SafeTensor,
  WeightsError,
  weightsFromSafetensors,
  weightsToSafetensors,
  writeSafetensors,
} from '../../compiler/weights/index.ts';

/** A file with this text as its header. */
function file(header: string, dataBytes = 0, length?: bigint): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.byteLength + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(text.byteLength), true);
  bytes.set(text, 8);
  return bytes;
}

function refusal(bytes: Uint8Array): string {
  try {
    readSafetensors(bytes);
  } catch (error) {
    if (error instanceof WeightsError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'accepted';
}

const entry = (shape: string, offsets: string, dtype = 'F32') =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}`;

const sample = new Map<string, SafeTensor>([
  ['b', { dtype: 'I8', shape: [3], bytes: Uint8Array.of(1, 2, 3) }],
  ['a', { dtype: 'F32', shape: [1, 2], bytes: Uint8Array.of(0, 0, 128, 63, 0, 0, 0, 64) }],
  ['scalar', { dtype: 'F16', shape: [], bytes: Uint8Array.of(0, 60) }],
  ['empty', { dtype: 'U8', shape: [0], bytes: new Uint8Array() }],
]);

describe('writeSafetensors', () => {
  test('gives the same bytes in whatever order the tensors come', () => {
    const metadata = new Map([
      ['seed', '1'],
      ['format', 'netlathe'],
    ]);
    const bytes = writeSafetensors(sample, metadata);
    const turned = writeSafetensors(
      new Map([...sample].reverse()),
      new Map([...metadata].reverse()),
    );
    expect(turned).toEqual(bytes);
    const header = new TextDecoder().decode(bytes.subarray(8, bytes.byteLength - 13));
    expect(header.trimEnd()).toBe(
      '{"__metadata__":{"format":"netlathe","seed":"1"},' +
        '"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},' +
        '"scalar":{"dtype":"F16","shape":[],"data_offsets":[8,10]},' +
        '"b":{"dtype":"I8","shape":[3],"data_offsets":[10,13]},' +
        '"empty":{"dtype":"U8","shape":[0],"data_offsets":[13,13]}}',
    );
    expect((header.length + 8) % 8).toBe(0);
  });

  test('reads back as what was written', () => {
    const { tensors, metadata } = readSafetensors(writeSafetensors(sample, new Map([['k', 'ü']])));
    expect(new Map(tensors)).toEqual(sample);
    expect([...metadata]).toEqual([['k', 'ü']]);
  });

  test('keeps the bits of weights, NaN and -0 included', () => {
    const values = new Float32Array([0, -0, 1.5, Number.NaN, Number.NEGATIVE_INFINITY, 1e-45]);
    new Uint32Array(values.buffer)[3] = 0x7fc12345;
    const read = weightsFromSafetensors(
      readSafetensors(weightsToSafetensors(new Map([['w', { shape: [2, 3], values }]]))),
    ).get('w');
    expect(new Uint8Array(read?.values.buffer as ArrayBuffer)).toEqual(
      new Uint8Array(values.buffer),
    );
  });

  test('refuses what it could not read back', () => {
    const wrong = new Map([['a', { dtype: 'F32' as const, shape: [2], bytes: new Uint8Array(7) }]]);
    expect(() => writeSafetensors(wrong)).toThrow('7 bytes do not make F32 2');
  });
});

describe('readSafetensors refuses', () => {
  test.each([
    ['an empty file', new Uint8Array(), 'E801'],
    ['a header beyond the file', file('{}', 0, 100n), 'E801'],
    ['a header beyond all files', file('{}', 0, 2n ** 63n), 'E801'],
    ['a header over 1 MB', file(`{${' '.repeat(1_000_000)}}`), 'E801'],
    ['no JSON', file('hello'), 'E802'],
    ['a list', file('[]'), 'E802'],
    ['text after the header', file('{} x'), 'E802'],
    ['half a header', file('{"a":'), 'E802'],
    ['a trailing comma', file('{"a":1,}'), 'E802'],
    ['a fraction', file(`{"a":${entry('[1.5]', '[0,4]')}}`, 4), 'E802'],
    ['an exponent', file(`{"a":${entry('[1e0]', '[0,4]')}}`, 4), 'E802'],
    ['a negative size', file(`{"a":${entry('[-1]', '[0,4]')}}`, 4), 'E802'],
    [
      'a number with 20 digits',
      file(`{"a":${entry('[18446744073709551617]', '[0,4]')}}`, 4),
      'E802',
    ],
    ['deep nesting', file('{"a":'.repeat(50_000)), 'E802'],
    ['deep lists', file(`{"a":${'['.repeat(50_000)}`), 'E802'],
    ['a control character', file('{"a\u0000":1}'), 'E802'],
    ['equal names', file(`{"a":${entry('[1]', '[0,4]')},"a":${entry('[1]', '[0,4]')}}`, 4), 'E802'],
    ['names equal but for escapes', file(`{"a":${entry('[1]', '[0,4]')},"\\u0061":1}`, 4), 'E802'],
    ['equal keys', file('{"a":{"dtype":"F32","dtype":"F32"}}'), 'E802'],
    ['metadata of numbers', file('{"__metadata__":{"a":1}}'), 'E802'],
    ['a tensor that is no map', file('{"a":1}'), 'E803'],
    ['a tensor without dtype', file('{"a":{"shape":[1],"data_offsets":[0,4]}}', 4), 'E803'],
    ['a strange dtype', file(`{"a":${entry('[1]', '[0,4]', 'C64')}}`, 4), 'E803'],
    ['a dtype of Object', file(`{"a":${entry('[1]', '[0,4]', 'toString')}}`, 4), 'E803'],
    [
      'a product that overflows',
      file(`{"a":${entry('[4294967296,4294967296]', '[0,0]')}}`),
      'E803',
    ],
    ['a shape of 9 axes', file(`{"a":${entry('[1,1,1,1,1,1,1,1,1]', '[0,4]')}}`, 4), 'E803'],
    ['offsets that are not the size', file(`{"a":${entry('[2]', '[0,4]')}}`, 4), 'E803'],
    ['offsets that go back', file(`{"a":${entry('[1]', '[4,0]')}}`, 4), 'E803'],
    ['a hole', file(`{"a":${entry('[1]', '[4,8]')}}`, 8), 'E804'],
    ['an overlap', file(`{"a":${entry('[1]', '[0,4]')},"b":${entry('[1]', '[0,4]')}}`, 8), 'E804'],
    ['bytes left over', file(`{"a":${entry('[1]', '[0,4]')}}`, 5), 'E804'],
    ['bytes that are missing', file(`{"a":${entry('[1]', '[0,4]')}}`, 3), 'E804'],
  ])('%s', (_what, bytes, code) => {
    expect(refusal(bytes).slice(0, 4)).toBe(code);
  });

  test('more than 4096 tensors', () => {
    const many = (n: number) =>
      file(`{${Array.from({ length: n }, (_, i) => `"${i}":${entry('[0]', '[0,0]')}`).join()}}`);
    expect(refusal(many(4096))).toBe('accepted');
    expect(refusal(many(4098))).toContain('E802');
  });

  test('text that is not UTF-8', () => {
    const bytes = file('{"ab":1}');
    bytes[10] = 0xff;
    expect(refusal(bytes)).toContain('E802');
  });

  test('every truncation', () => {
    const bytes = writeSafetensors(sample);
    for (let end = 0; end < bytes.byteLength; end++) {
      expect(refusal(bytes.subarray(0, end)), `${end} bytes`).not.toBe('accepted');
    }
  });

  test('or reads, but never throws anything else, whatever the bytes', () => {
    const bytes = writeSafetensors(sample, new Map([['k', 'v']]));
    const mutation = fc.array(
      fc.tuple(fc.nat(bytes.byteLength - 1), fc.integer({ min: 0, max: 255 })),
      { minLength: 1, maxLength: 4 },
    );
    fc.assert(
      fc.property(mutation, (changes) => {
        const mutated = bytes.slice();
        for (const [at, value] of changes) mutated[at] = value;
        refusal(mutated);
      }),
      { numRuns: 20_000 },
    );
  });
});

test('names such as __proto__ are names like any other', () => {
  const weights = new Map([['__proto__', { shape: [1], values: new Float32Array([3]) }]]);
  const read = weightsFromSafetensors(readSafetensors(weightsToSafetensors(weights)));
  expect(read).toEqual(weights);
  expect(({} as { values?: unknown }).values).toBeUndefined();
});

test.each([
  [
    'F16',
    [0x00, 0x3c, 0x01, 0x00, 0x00, 0xfc, 0x55, 0x35],
    [1, 2 ** -24, -Infinity, 0.333251953125],
  ],
  ['BF16', [0x80, 0x3f, 0x00, 0xc0], [1, -2]],
  ['F64', [0, 0, 0, 0, 0, 0, 0xe0, 0x3f], [0.5]],
] as const)('%s weights become float32', (dtype, bytes, values) => {
  const tensor = { dtype, shape: [values.length], bytes: Uint8Array.from(bytes) };
  const read = weightsFromSafetensors(readSafetensors(writeSafetensors(new Map([['w', tensor]]))));
  expect([...(read.get('w')?.values ?? [])]).toEqual(values);
});
