/**
 * APK Signature Scheme v2 (source.android.com/docs/security/features/apksigning/v2): a block between the files and the
 * directory of the archive that signs all bytes of both. RSA with PKCS #1 padding has no chance in it, so that the same
 * files and key give the same APK.
 */

import { createHash, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { u32 } from './chunks.ts';
import type { Archive } from './zip.ts';

export interface Signer {
  /** RSA. */
  readonly key: KeyObject;
  /** X.509, DER. */
  readonly certificate: Buffer;
}

const schemeV2 = 0x7109871a;
/** RSASSA-PKCS1-v1_5 with SHA-256. */
const algorithm = 0x0103;
const chunkBytes = 1 << 20;
const magic = Buffer.from('APK Sig Block 42');

export function signedApk(
  { entries, directory, end }: Archive,
  { key, certificate }: Signer,
): Buffer {
  const digest = contentDigest([entries, directory, end(entries.length)]);
  const signed = Buffer.concat([
    prefixed(prefixed(u32(algorithm), prefixed(digest))),
    prefixed(prefixed(certificate)),
    prefixed(),
  ]);
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' });
  const signature = sign('sha256', signed, key);
  const signer = prefixed(
    prefixed(signed),
    prefixed(prefixed(u32(algorithm), prefixed(signature))),
    prefixed(publicKey),
  );
  const block = signingBlock(prefixed(signer));
  return Buffer.concat([entries, block, directory, end(entries.length + block.length)]);
}

function prefixed(...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([u32(body.length), body]);
}

function signingBlock(value: Buffer): Buffer {
  const pair = Buffer.concat([u64(4 + value.length), u32(schemeV2), value]);
  const size = u64(pair.length + 8 + magic.length);
  return Buffer.concat([size, pair, size, magic]);
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

/** Hashes of a mebibyte each, and a hash of those. */
function contentDigest(sections: readonly Buffer[]): Buffer {
  const digests: Buffer[] = [];
  for (const section of sections) {
    for (let at = 0; at < section.length; at += chunkBytes) {
      const part = section.subarray(at, at + chunkBytes);
      digests.push(hash(Buffer.from([0xa5]), u32(part.length), part));
    }
  }
  return hash(Buffer.from([0x5a]), u32(digests.length), ...digests);
}

function hash(...parts: readonly Uint8Array[]): Buffer {
  const sha = createHash('sha256');
  for (const part of parts) sha.update(part);
  return sha.digest();
}
