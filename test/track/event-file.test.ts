import { describe, expect, it } from 'vitest';
import { crc32c, maskedCrc32c } from '../../runtime/report/crc32c.ts';
import {
  eventFileName,
  startOf,
  tensorboardEvent,
  tensorboardEvents,
} from '../../runtime/track/event-file.ts';
import { epochs } from '../report/fixture.ts';

/** The records of a TFRecord file, their checksums checked. */
function records(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const all: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(view.getBigUint64(at, true));
    const data = bytes.subarray(at + 12, at + 12 + length);
    expect(view.getUint32(at + 8, true)).toBe(maskedCrc32c(bytes.subarray(at, at + 8)));
    expect(view.getUint32(at + 12 + length, true)).toBe(maskedCrc32c(data));
    all.push(data);
    at += 16 + length;
  }
  return all;
}

describe('crc32c', () => {
  it('gives the check value of the algorithm', () => {
    expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
    // RFC 3720, B.4: 32 bytes of zeros.
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  });
});

describe('tensorboardEvents', () => {
  const startedAt = '2026-11-24T14:03:27.000Z';

  it('writes a version and then an event an epoch', () => {
    const bytes = tensorboardEvents(startedAt, epochs(300));
    const name = eventFileName(startedAt);
    expect(name).toBe('events.out.tfevents.1795529007.netlathe');
    expect(startOf(name)).toBe(startedAt);
    expect(startOf('events.out.tfevents.1795529007.host.1.v2')).toBeUndefined();
    const [first, ...rest] = records(bytes);
    expect(new TextDecoder().decode(first?.subarray(11))).toBe('brain.Event:2');
    expect(rest).toHaveLength(300);
  });

  it('encodes an event as the protocol says', () => {
    const [metrics] = epochs(1, false);
    const bytes = tensorboardEvents(startedAt, metrics ? [{ ...metrics, epoch: 300 }] : []);
    const event = records(bytes)[1] as Uint8Array;
    // wall_time: field 1, 64 bits
    expect(event[0]).toBe(0x09);
    expect(new DataView(event.buffer, event.byteOffset + 1).getFloat64(0, true)).toBeCloseTo(
      1795529007 + 22.96,
      5,
    );
    // step: field 2, varint 300; summary: field 5
    expect([...event.subarray(9, 13)]).toEqual([0x10, 0xac, 0x02, 0x2a]);
    const text = new TextDecoder('latin1').decode(event);
    expect(text).toContain('loss/train');
    expect(text).not.toContain('validation');
  });

  it('grows by an epoch as if it were written whole', () => {
    const all = epochs(3);
    const grown = [
      tensorboardEvents(startedAt, all.slice(0, 2)),
      tensorboardEvent(startedAt, all[2] as (typeof all)[number]),
    ];
    expect(Buffer.concat(grown)).toEqual(Buffer.from(tensorboardEvents(startedAt, all)));
  });

  it('leaves out what was not finite', () => {
    const [metrics] = JSON.parse(JSON.stringify(epochs(1)));
    metrics.train.loss = null;
    const bytes = tensorboardEvents(startedAt, [metrics]);
    expect(new TextDecoder('latin1').decode(bytes)).not.toContain('loss/train');
  });

  it('refuses a time that is none', () => {
    expect(() => tensorboardEvents('yesterday', [])).toThrow(RangeError);
  });
});
