/**
 * TensorBoard event files: a TFRecord of Event messages, encoded by hand since the few fields needed never change.
 * (tensorflow/core/util/event.proto and framework/summary.proto.)
 */
import { maskedCrc32c } from '../report/crc32c.ts';
import type { EpochMetrics } from '../report/records.ts';
import { scalarsOf } from './scalars.ts';

/** TensorBoard finds a file by `tfevents` in its name. @throws RangeError where `startedAt` is no time. */
export function eventFileName(startedAt: string): string {
  return `events.out.tfevents.${Math.floor(secondsOf(startedAt))}.netlathe`;
}

/** When the run of an event file began, to the second; `undefined` for other files. */
export function startOf(name: string): string | undefined {
  const seconds = /^events\.out\.tfevents\.(\d{1,11})\.netlathe$/.exec(name)?.[1];
  return seconds === undefined ? undefined : new Date(Number(seconds) * 1000).toISOString();
}

/** What an event file begins with, and the curves of the epochs so far. */
export function tensorboardEvents(startedAt: string, metrics: readonly EpochMetrics[]): Uint8Array {
  const started = secondsOf(startedAt);
  const events = metrics.map((m) => tensorboardEvent(startedAt, m));
  return concat([record(versionEvent(started)), ...events]);
}

/** An epoch, to be put at the end. The step is the epoch, as in Keras, so that runs of different batch sizes compare. */
export function tensorboardEvent(startedAt: string, metrics: EpochMetrics): Uint8Array {
  const time = secondsOf(startedAt) + metrics.seconds;
  return record(scalarEvent(time, metrics.epoch, scalarsOf(metrics)));
}

function secondsOf(startedAt: string): number {
  const started = Date.parse(startedAt) / 1000;
  if (Number.isNaN(started)) throw new RangeError(`not a time: ${startedAt}`);
  return started;
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
