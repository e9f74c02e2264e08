/**
 * Damaged and hostile files of weights: safetensors of every kind of damage, tfjs folders, and the weights of an emitted
 * module. What is read is either refused with a typed error or is, bit for bit, what was written; of netlathe's own
 * files every flipped bit is found.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { loadTfjsModel, saveTfjsModel } from '../../compiler/7-emit/tfjs/index.ts';
import {
  initialize,
  readSafetensors,
  type WeightStore,
  WeightsError,
  weightsFromSafetensors,
  weightsToSafetensors,
  writeSafetensors,
} from '../../compiler/weights/index.ts';
import { bundleOf, moduleOf } from '../../test/emit/support.ts';
import { randomFrom } from '../fuzz/mutate.ts';
import type { Proof, Trial } from './harness.ts';
import { tinyGraph } from './tiny.ts';

export const proof: Proof = {
  name: 'weights',
  promise: 'A damaged or hostile file of weights is refused with a typed error, or changes nothing',
  unit: 'damaged files',
  seconds: 240,
  cases: 1_000_000,
  run: async (trial) => {
    const weights = initialize(tinyGraph, 3);
    const file = weightsToSafetensors(weights, new Map([['format', 'a proof']]));
    if (trial.only === undefined) {
      systematic(trial, weights, file);
      await modules(trial, weights);
      await tfjsFolders(trial, weights);
    }
    // A file without a checksum, so that the checks of its form have to find what can be found.
    const bare = writeSafetensors(readSafetensors(file).tensors);
    let accepted = 0;
    for (const seed of trial.cases()) {
      const outcome = outcomeOf(mutated(bare, seed));
      if (outcome.kind === 'read') accepted++;
      if (outcome.kind === 'broken') trial.fail(seed, outcome.text);
      trial.done();
    }
    trial.note(`${accepted} mutated files were sound safetensors again and were read`);
  },
};

type Outcome =
  | { readonly kind: 'read'; readonly weights: WeightStore }
  | { readonly kind: 'refused' }
  | { readonly kind: 'broken'; readonly text: string };

function outcomeOf(bytes: Uint8Array): Outcome {
  try {
    const read = readSafetensors(bytes);
    const total = [...read.tensors.values()].reduce((sum, t) => sum + t.bytes.byteLength, 0);
    if (total > bytes.byteLength)
      return { kind: 'broken', text: `${total} bytes out of ${bytes.length}` };
    return { kind: 'read', weights: weightsFromSafetensors(read) };
  } catch (error) {
    if (error instanceof WeightsError) return { kind: 'refused' };
    return { kind: 'broken', text: error instanceof Error ? `${error.stack}` : String(error) };
  }
}

/** Cut at every 1 % and at every byte of the header; every bit of the header, and every bit of the payload, flipped. */
function systematic(trial: Trial, weights: WeightStore, file: Uint8Array): void {
  const header = 8 + Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  const cuts = new Set(Array.from({ length: 100 }, (_, i) => Math.floor((file.length * i) / 100)));
  for (let i = 0; i < header; i++) cuts.add(i);
  for (const cut of cuts) {
    if (outcomeOf(file.slice(0, cut)).kind !== 'refused')
      trial.fail(`cut at ${cut}`, 'not refused');
    trial.done();
  }
  const every = trial.wanted < 10_000 ? 97 : 1;
  let [refused, harmless] = [0, 0];
  for (let bit = 0; bit < file.length * 8; bit += every) {
    const flipped = file.slice();
    flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
    const outcome = outcomeOf(flipped);
    if (outcome.kind === 'refused') refused++;
    else if (outcome.kind === 'broken') trial.fail(`bit ${bit}`, outcome.text);
    else if (sameWeights(outcome.weights, weights)) harmless++;
    else trial.fail(`bit ${bit}`, 'other weights were read');
    trial.done();
  }
  trial.note(
    `${refused + harmless} flipped bits: ${refused} refused, ${harmless} in the name of the checksum`,
  );
}

function sameWeights(a: WeightStore, b: WeightStore): boolean {
  if (a.size !== b.size) return false;
  for (const [name, { shape, values }] of a) {
    const other = b.get(name);
    if (other?.shape.join() !== shape.join()) return false;
    if (!bytesOf(values).equals(bytesOf(other.values))) return false;
  }
  return true;
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** Beside what any file suffers, the numbers and words of the header become others. */
function mutated(file: Uint8Array, seed: number): Uint8Array {
  const random = randomFrom(seed);
  const below = (n: number) => Math.floor(random() * n);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const length = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  let header = Buffer.from(file.subarray(8, 8 + length)).toString('latin1');
  let data = Buffer.from(file.subarray(8 + length));
  let size = BigInt(length);
  let keepSize = false;
  for (let rounds = 1 + below(3); rounds > 0; rounds--) {
    const at = below(header.length + 1);
    switch (below(9)) {
      case 0:
        header = header.slice(0, at) + String.fromCharCode(below(256)) + header.slice(at + 1);
        break;
      case 1:
        header = header.slice(0, at) + header.slice(at + below(40));
        break;
      case 2:
        header = header.slice(0, at) + pick(pieces) + header.slice(at);
        break;
      case 3: {
        const hits = [...header.matchAll(/\d+/g)];
        const hit = pick(hits.length > 0 ? hits : [undefined]);
        if (!hit) break;
        header =
          header.slice(0, hit.index) + pick(numbers) + header.slice(hit.index + hit[0].length);
        break;
      }
      case 4: {
        const [from, to] = [below(header.length + 1), below(header.length + 1)];
        header = header.slice(0, to) + header.slice(from, from + below(120)) + header.slice(to);
        break;
      }
      case 5:
        header = header.replace(/"(F32|dtype|shape|data_offsets)"/, () =>
          JSON.stringify(pick(words)),
        );
        break;
      case 6:
        data = data.subarray(0, below(data.length + 1));
        break;
      case 7:
        data = Buffer.concat([data, Buffer.alloc(below(64))]);
        break;
      default:
        keepSize = true;
        size = pick([
          0n,
          1n,
          2n ** 63n,
          2n ** 64n - 1n,
          BigInt(below(4096)),
          1_000_000n,
          1_000_001n,
        ]);
    }
  }
  const text = Buffer.from(header, 'latin1');
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, keepSize ? size : BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

const numbers = [
  '0',
  '-1',
  '1e9',
  '1.5',
  '01',
  '4294967296',
  '9007199254740991',
  '9007199254740993',
];
const words = [
  'F64',
  'I64',
  'BOOL',
  'F8',
  '__proto__',
  'constructor',
  'toString',
  '',
  'shape',
  'x'.repeat(300),
];
const pieces = [
  ...[
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '\\',
    ' ',
    '\n',
    '\u0000',
    '\xff',
    'null',
    'true',
    '-',
    '1',
  ],
  ...[
    '"__metadata__":{"a":"b"},',
    '"__metadata__":{"a":1},',
    '"__proto__":{},',
    '[[[[[[',
    '\\ud800',
  ],
  ...[
    '"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]},',
    '"shape":[9007199254740991,9007199254740991],',
  ],
];

/** The module that was made for other weights, of both kinds, must take none of them. */
async function modules(trial: Trial, weights: WeightStore): Promise<void> {
  for (const type of ['fp32', 'fp16'] as const) {
    const files = await bundleOf(tinyGraph, weights, { weights: type, relaxed: false });
    const { create } = await moduleOf(files);
    const sound = Buffer.from(files.get('weights.bin') as Uint8Array);
    for (let i = 0; i < Math.min(1000, Math.ceil(trial.wanted / 100)); i++) {
      const random = randomFrom(trial.seed * 1000 + i);
      const bytes = damagedBytes(sound, random);
      const backend = i % 2 === 0 ? 'js' : 'simd';
      const refusal = await create({ weights: bytes, backend }).then(
        () => 'accepted',
        (error: unknown) => error,
      );
      const isTyped = refusal instanceof RangeError && /weights/.test(refusal.message);
      if (!isTyped) trial.fail(`module ${type} ${i}`, String(refusal));
      trial.done();
    }
  }
}

function damagedBytes(sound: Buffer, random: () => number): Buffer {
  const kind = Math.floor(random() * 4);
  if (kind === 0) return sound.subarray(0, Math.floor(random() * sound.length));
  if (kind === 1) return Buffer.concat([sound, Buffer.alloc(1 + Math.floor(random() * 9))]);
  const bytes = Buffer.from(sound);
  const flips = kind === 2 ? 1 : 1 + Math.floor(random() * 50);
  for (let i = 0; i < flips; i++) {
    const at = Math.floor(random() * bytes.length);
    bytes[at] = (bytes[at] as number) ^ (1 << Math.floor(random() * 8));
  }
  // Flips may undo each other.
  if (bytes.equals(sound)) bytes[0] = (bytes[0] as number) ^ 1;
  return bytes;
}

async function tfjsFolders(trial: Trial, weights: WeightStore): Promise<void> {
  const sound = path.join(trial.folder, 'tfjs');
  await saveTfjsModel(tinyGraph, weights, sound);
  const { readFileSync } = await import('node:fs');
  const model = readFileSync(path.join(sound, 'model.json'), 'utf8');
  const data = readFileSync(path.join(sound, 'weights.bin'));
  const folder = path.join(trial.folder, 'tfjs-damaged');
  mkdirSync(folder);
  for (let i = 0; i < Math.min(20_000, Math.ceil(trial.wanted / 50)); i++) {
    const random = randomFrom(trial.seed * 100_000 + i);
    const damagesData = random() < 0.3;
    writeFileSync(
      path.join(folder, 'model.json'),
      damagesData ? model : damagedText(model, random),
    );
    writeFileSync(
      path.join(folder, 'weights.bin'),
      damagesData ? damagedBytes(data, random) : data,
    );
    try {
      const { weights: read } = await loadTfjsModel(folder);
      // A shape or a name may have become another; more bytes than there are must not have been read.
      const total = [...read.values()].reduce((sum, w) => sum + w.values.byteLength, 0);
      if (damagesData || total !== data.length) trial.fail(`tfjs ${i}`, 'damaged bytes were taken');
    } catch (error) {
      if (!(error instanceof WeightsError)) trial.fail(`tfjs ${i}`, String(error));
    }
    trial.done();
  }
}

function damagedText(text: string, random: () => number): string {
  const below = (n: number) => Math.floor(random() * n);
  // Half of the time at the end, where the list of weights is.
  const at = random() < 0.5 ? below(text.length) : text.length - below(Math.min(2000, text.length));
  switch (below(5)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at) + String.fromCharCode(below(256)) + text.slice(at + 1);
    case 2:
      return text.slice(0, at) + (pieces[below(pieces.length)] ?? '') + text.slice(at);
    case 3:
      return (
        text.slice(0, at) + text.slice(at).replace(/\d+/, numbers[below(numbers.length)] ?? '0')
      );
    default:
      return text.slice(0, at) + text.slice(at).replace('weights.bin', '../../../etc/passwd');
  }
}
