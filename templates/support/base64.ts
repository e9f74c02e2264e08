const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

interface NativeDecoder {
  /** Engines of 2025 on have it. */
  readonly Uint8Array: { readonly fromBase64?: (text: string) => Uint8Array<ArrayBuffer> };
}

/** By what the engine has; else by own code, because some (Hermes) have no atob either. */
export function bytesOfBase64(text: string): Uint8Array<ArrayBuffer> {
  const { fromBase64 } = (globalThis as unknown as NativeDecoder).Uint8Array;
  return fromBase64 ? fromBase64.call(Uint8Array, text) : decodeBase64(text);
}

export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  const values = new Uint8Array(128);
  for (let i = 0; i < 64; i++) values[alphabet.charCodeAt(i)] = i;
  const value = (at: number): number => values[text.charCodeAt(at)] as number;
  const padding = text.endsWith('==') ? 2 : Number(text.endsWith('='));
  const length = (text.length * 3) / 4 - padding;
  const bytes = new Uint8Array(length);
  for (let to = 0, at = 0; to < length; at += 4) {
    const bits = (value(at) << 18) | (value(at + 1) << 12) | (value(at + 2) << 6) | value(at + 3);
    bytes[to++] = bits >> 16;
    // Beyond the end these are ignored: a typed array drops what lies outside.
    bytes[to++] = bits >> 8;
    bytes[to++] = bits;
  }
  return bytes;
}
