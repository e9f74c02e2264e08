/** A self-signed certificate, X.509 in DER (RFC 5280): by it the phone knows that a new version has the same maker. */

import { createHash, createPublicKey, type KeyObject, sign } from 'node:crypto';

function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(contents);
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const size: number[] = [];
  for (let rest = body.length; rest > 0; rest = Math.floor(rest / 256)) size.unshift(rest % 256);
  return Buffer.concat([Buffer.from([tag, 0x80 | size.length, ...size]), body]);
}

const sequence = (...contents: readonly Uint8Array[]): Buffer => der(0x30, ...contents);
const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');

/** sha256WithRSAEncryption, 1.2.840.113549.1.1.11, without parameters. */
const algorithm = sequence(der(0x06, bytes('2a864886f70d01010b')), der(0x05));
/** commonName, 2.5.4.3. */
const name = sequence(
  der(0x31, sequence(der(0x06, bytes('550403')), der(0x0c, Buffer.from('netlathe')))),
);
/** Fixed, so that a key has one certificate; the shops want one that lasts beyond 2033. */
const validity = sequence(
  der(0x17, Buffer.from('200101000000Z')),
  der(0x17, Buffer.from('491231235959Z')),
);

/** The same key gives the same bytes. */
export function certificateOf(key: KeyObject): Buffer {
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' });
  const serial = createHash('sha256').update(publicKey).digest().subarray(0, 16);
  // Positive, and not shortened by DER.
  serial[0] = ((serial[0] as number) & 0x3f) | 0x40;
  const contents = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    algorithm,
    name,
    validity,
    name,
    publicKey,
  );
  const signature = sign('sha256', contents, key);
  return sequence(contents, algorithm, der(0x03, Buffer.from([0]), signature));
}
