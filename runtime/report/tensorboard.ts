/**
 * TensorBoard event files: a TFRecord of Event messages, encoded by hand since the few fields needed never change.
 * (tensorflow/core/util/event.proto and framework/summary.proto.)
 */
import { maskedCrc32c } from './crc32c.ts';
import type { EpochMetrics } from './records.ts';

export interface EventFile {
  /** TensorBoard finds a file by `tfevents` in its name. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The curves of a run. The step is the epoch, as in Keras, so that runs of different batch sizes compare. */
export function tensorboardEvents(startedAt: string, metrics: readonly EpochMetrics[]): EventFile {
  const started = Date.parse(startedAt) / 1000;
  if (Number.isNaN(started)) throw new RangeError(`not a time: ${startedAt}`);
  const events = [
    versionEvent(started),
    ...metrics.map((m) => scalarEvent(started + m.seconds, m.epoch, scalars(m))),
  ];
  return {
    name: `events.out.tfevents.${Math.floor(started)}.netlathe`,
    bytes: concat(events.map(record)),
  };
}

function scalars(m: EpochMetrics): [tag: string, value: number][] {
  const all: [string, number | undefined][] = [
    ['loss/train', m.train.loss],
    ['loss/validation', m.validation?.loss],
    ['accuracy/train', m.train.top1],
    ['accuracy/validation', m.validation?.top1],
    ['accuracy/validation_top5', m.validation?.top5],
    ['learning_rate', m.learningRate],
    ['images_per_second', m.imagesPerSecond],
  ];
  // A null stands for a number that was not finite when it was written as JSON.
  return all.filter((entry): entry is [string, number] => typeof entry[1] === 'number');
}

function versionEvent(time: number): Uint8Array {
  return concat([double(1, time), text(3, 'brain.Event:2')]);
}

function scalarEvent(
  time: number,
  step: number,
  values: readonly (readonly [string, number])[],
): Uint8Array {
  const summary = values.map(([tag, value]) => message(1, [text(1, tag), float(2, value)]));
  return concat([double(1, time), varint(2, step), message(5, summary)]);
}

/** Length, its checksum, the bytes, their checksum. */
function record(data: Uint8Array): Uint8Array {
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(data.length), true);
  return concat([length, checksum(length), data, checksum(data)]);
}

function checksum(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, maskedCrc32c(bytes), true);
  return out;
}

const varint = (field: number, value: number): Uint8Array =>
  concat([key(field, 0), base128(value)]);

function double(field: number, value: number): Uint8Array {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setFloat64(0, value, true);
  return concat([key(field, 1), out]);
}

function float(field: number, value: number): Uint8Array {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setFloat32(0, value, true);
  return concat([key(field, 5), out]);
}

function text(field: number, value: string): Uint8Array {
  return message(field, [new TextEncoder().encode(value)]);
}

function message(field: number, parts: readonly Uint8Array[]): Uint8Array {
  const body = concat(parts);
  return concat([key(field, 2), base128(body.length), body]);
}

const key = (field: number, wireType: number): Uint8Array => base128(field * 8 + wireType);

/** By division, since steps may pass the 32 bits of the shift operators. */
function base128(value: number): Uint8Array {
  const out: number[] = [];
  let rest = value;
  while (rest >= 128) {
    out.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  out.push(rest);
  return Uint8Array.from(out);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
