/**
 * safetensors, read and written: 8 bytes of header length, a JSON header, the bytes of the tensors. Pure over bytes;
 * the caller reads and writes the file. The reader takes hostile files: every number is checked before it is used,
 * and the tensors must fill the rest of the file without holes, overlaps or remainders.
 */

import { type Dtype, dtypes, isDtype, toFloat32 } from './dtypes.ts';
import { type HeaderMap, type HeaderValue, parseHeader } from './header-json.ts';
import { checkSeal, openSeal, seal, sealKey } from './seal.ts';
import type { Weight, WeightStore } from './store.ts';
import { WeightsError } from './weights-error.ts';

export interface SafeTensor {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Little-endian, row-major. */
  readonly bytes: Uint8Array;
}

export interface SafeTensors {
  /** In the order of their bytes. */
  readonly tensors: ReadonlyMap<string, SafeTensor>;
  readonly metadata: ReadonlyMap<string, string>;
}

export const safetensorsLimits = { headerBytes: 1_000_000, entries: 4096, rank: 8 } as const;

const lengthBytes = 8;
const metadataKey = '__metadata__';

interface Entry extends Omit<SafeTensor, 'bytes'> {
  readonly name: string;
  readonly begin: number;
  readonly end: number;
}

export function readSafetensors(file: Uint8Array): SafeTensors {
  const { header, data } = split(file);
  let metadata: ReadonlyMap<string, string> = new Map();
  const entries: Entry[] = [];
  for (const [name, value] of header) {
    if (name === metadataKey) metadata = readMetadata(value);
    else entries.push(readEntry(name, value));
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkTiling(entries, data.byteLength);
  checkSeal(file, metadata.get(sealKey));
  const tensors = new Map(
    entries.map(({ name, dtype, shape, begin, end }) => [
      name,
      { dtype, shape, bytes: data.subarray(begin, end) },
    ]),
  );
  return { tensors, metadata };
}

function split(file: Uint8Array): { readonly header: HeaderMap; readonly data: Uint8Array } {
  if (file.byteLength < lengthBytes + 2) {
    throw new WeightsError('E801', `${file.byteLength} bytes are too few for a safetensors file`);
  }
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const length = view.getBigUint64(0, true);
  if (length > BigInt(safetensorsLimits.headerBytes)) {
    throw new WeightsError(
      'E801',
      `the header would have ${length} bytes, more than ${safetensorsLimits.headerBytes}`,
      { hint: 'this may not be a safetensors file' },
    );
  }
  const start = lengthBytes + Number(length);
  if (start > file.byteLength) {
    throw new WeightsError(
      'E801',
      `the header has ${length} bytes, but the file ends after ${file.byteLength}`,
      { hint: 'the file may have been cut off while it was copied' },
    );
  }
  const text = decodeUtf8(file.subarray(lengthBytes, start));
  // One more for the metadata.
  const header = parseHeader(text, safetensorsLimits.entries + 1);
  return { header, data: file.subarray(start) };
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new WeightsError('E802', 'the header is not UTF-8 text', { cause });
  }
}

function readMetadata(value: HeaderValue): ReadonlyMap<string, string> {
  const fail = (problem: string): never => {
    throw new WeightsError('E802', problem, { where: metadataKey });
  };
  if (!(value instanceof Map)) return fail('must be a map of strings');
  const metadata = new Map<string, string>();
  for (const [key, text] of value) {
    if (typeof text !== 'string') return fail(`${JSON.stringify(key)} must be a string`);
    metadata.set(key, text);
  }
  return metadata;
}

const entryKeys = ['dtype', 'shape', 'data_offsets'] as const;

function readEntry(name: string, value: HeaderValue): Entry {
  const fail = (problem: string): never => {
    throw new WeightsError('E803', problem, { where: `tensor ${JSON.stringify(name)}` });
  };
  if (!(value instanceof Map) || value.size !== 3 || !entryKeys.every((key) => value.has(key))) {
    return fail(`must be a map of ${entryKeys.join(', ')}`);
  }
  const dtype = value.get('dtype');
  if (!isDtype(dtype)) {
    return fail(`dtype ${JSON.stringify(dtype)} is none of ${Object.keys(dtypes).join(', ')}`);
  }
  const shape = numbers(value.get('shape'));
  if (!shape || shape.length > safetensorsLimits.rank) {
    return fail(`shape must be a list of at most ${safetensorsLimits.rank} whole numbers`);
  }
  const [begin, end, more] = numbers(value.get('data_offsets')) ?? [];
  if (begin === undefined || end === undefined || more !== undefined || end < begin) {
    return fail('data_offsets must be [begin, end]');
  }
  const bytes = byteLength(dtype, shape);
  if (bytes === undefined) return fail(`shape ${shape.join('x')} is too large`);
  if (end - begin !== bytes) {
    return fail(`${dtype} ${shape.join('x')} takes ${bytes} bytes, not ${end - begin}`);
  }
  return { name, dtype, shape, begin, end };
}

function numbers(value: HeaderValue | undefined): readonly number[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const list = value as readonly HeaderValue[];
  return list.every((n) => typeof n === 'number') ? list : undefined;
}

/** `undefined` beyond the integers that doubles count exactly. */
function byteLength(dtype: Dtype, shape: readonly number[]): number | undefined {
  let bytes: number = dtypes[dtype];
  for (const n of shape) {
    bytes *= n;
    if (!Number.isSafeInteger(bytes)) return undefined;
  }
  return bytes;
}

function checkTiling(entries: readonly Entry[], total: number): void {
  let next = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== next) {
      const problem = begin > next ? 'leaves a hole after' : 'overlaps';
      throw new WeightsError('E804', `it begins at byte ${begin} and ${problem} byte ${next}`, {
        where: `tensor ${JSON.stringify(name)}`,
      });
    }
    next = end;
  }
  if (next !== total) {
    throw new WeightsError(
      'E804',
      `the tensors take ${next} bytes, but ${total} follow the header`,
      {
        hint: total < next ? 'the file may have been cut off while it was copied' : undefined,
      },
    );
  }
}

/**
 * The bytes depend on the contents alone: wide elements first, so that each tensor is aligned, then by name; the
 * header is padded to a multiple of 8.
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, SafeTensor>,
  metadata: ReadonlyMap<string, string> = new Map(),
): Uint8Array<ArrayBuffer> {
  const sorted = [...tensors].sort(
    ([a, x], [b, y]) => dtypes[y.dtype] - dtypes[x.dtype] || compare(a, b),
  );
  const parts: string[] = [];
  if (metadata.size > 0) {
    const pairs = [...metadata].sort(([a], [b]) => compare(a, b));
    const text = pairs.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
    parts.push(`"${metadataKey}":{${text.join(',')}}`);
  }
  let end = 0;
  for (const [name, tensor] of sorted) {
    const begin = end;
    end += checkedLength(name, tensor);
    const { dtype, shape } = tensor;
    const entry = JSON.stringify({ dtype, shape, data_offsets: [begin, end] });
    parts.push(`${JSON.stringify(name)}:${entry}`);
  }
  return assemble(
    `{${parts.join(',')}}`,
    sorted.map(([, tensor]) => tensor.bytes),
    end,
  );
}

function assemble(
  json: string,
  data: readonly Uint8Array[],
  dataBytes: number,
): Uint8Array<ArrayBuffer> {
  const header = new TextEncoder().encode(json);
  const padded = Math.ceil(header.byteLength / 8) * 8;
  if (padded > safetensorsLimits.headerBytes) {
    throw new WeightsError('E802', `the header would have ${padded} bytes, which no reader takes`);
  }
  const file = new Uint8Array(lengthBytes + padded + dataBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(padded), true);
  file.fill(0x20, lengthBytes, lengthBytes + padded);
  file.set(header, lengthBytes);
  let at = lengthBytes + padded;
  for (const bytes of data) {
    file.set(bytes, at);
    at += bytes.byteLength;
  }
  return file;
}

function checkedLength(name: string, { dtype, shape, bytes }: SafeTensor): number {
  const where = `tensor ${JSON.stringify(name)}`;
  if (name === metadataKey) throw new WeightsError('E803', 'the name is reserved', { where });
  if (bytes.byteLength === byteLength(dtype, shape)) return bytes.byteLength;
  throw new WeightsError(
    'E803',
    `${bytes.byteLength} bytes do not make ${dtype} ${shape.join('x')}`,
    { where },
  );
}

/** By UTF-16 units: the same order everywhere, unlike localeCompare. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** With a checksum of its own. */
export function weightsToSafetensors(
  weights: WeightStore,
  metadata?: ReadonlyMap<string, string>,
): Uint8Array<ArrayBuffer> {
  const tensors = new Map<string, SafeTensor>();
  for (const [name, { shape, values }] of weights) {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    tensors.set(name, { dtype: 'F32', shape, bytes });
  }
  const file = writeSafetensors(tensors, new Map([...(metadata ?? []), [sealKey, openSeal]]));
  seal(file);
  return file;
}

/** Every tensor as float32, in the order of the file; `mismatches` tells whether they are those of a network. */
export function weightsFromSafetensors(file: SafeTensors): WeightStore {
  const weights = new Map<string, Weight>();
  for (const [name, { dtype, shape, bytes }] of file.tensors) {
    const values = toFloat32(dtype, bytes);
    if (!values) {
      throw new WeightsError('E803', `${dtype} holds no real numbers`, {
        where: `tensor ${JSON.stringify(name)}`,
      });
    }
    weights.set(name, { shape, values });
  }
  return weights;
}
