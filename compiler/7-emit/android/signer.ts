/** The key that signs an app: read from a PEM file, or made. */

import {
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  X509Certificate,
} from 'node:crypto';
import { EmitError } from '../emit-error.ts';
import { certificateOf } from './der.ts';
import type { Signer } from './sign.ts';

const leastBits = 2048;

/** `path` is for the messages. A certificate in the file is the one the app gets; else it is made of the key. */
export function signerOf(pem: string, path: string): Signer {
  const key = keyOf(pem, path);
  const block = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/.exec(pem)?.[0];
  if (block === undefined) return { key, certificate: certificateOf(key) };
  const certificate = certificateIn(block, path);
  if (!certificate.checkPrivateKey(key)) {
    throw fault(path, 'the certificate in it is of another key', 'put its own certificate into it');
  }
  return { key, certificate: certificate.raw };
}

function keyOf(pem: string, path: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (cause) {
    const locked = /BEGIN ENCRYPTED PRIVATE KEY|Proc-Type: 4,ENCRYPTED/.test(pem);
    throw fault(
      path,
      locked ? 'the key is locked with a password' : 'it holds no private key in PEM form',
      'openssl rsa -in KEY -out PLAIN.pem makes one that can be read; keep it safe',
      cause,
    );
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key.asymmetricKeyType !== 'rsa' || bits < leastBits) {
    const kind = `${key.asymmetricKeyType ?? 'another'}${bits > 0 ? ` key of ${bits} bits` : ' key'}`;
    const hint = `an RSA key of ${leastBits} bits or more signs an app; without --key one is made`;
    throw fault(path, `it holds an ${kind}`, hint);
  }
  return key;
}

function certificateIn(block: string, path: string): X509Certificate {
  try {
    return new X509Certificate(block);
  } catch (cause) {
    throw fault(path, 'the certificate in it cannot be read', 'take it out, or mend it', cause);
  }
}

function fault(path: string, message: string, hint: string, cause?: unknown): EmitError {
  return new EmitError({ code: 'E705', message, path, hint, ...(cause ? { cause } : {}) });
}

/** A new key with its certificate, as a PEM file. */
export function newKeyFile(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: leastBits });
  const key = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  // The certificate is kept with it: should netlathe ever make another of the same key, phones would refuse updates.
  return `${key}${new X509Certificate(certificateOf(privateKey)).toString()}`;
}
