/** Reading and writing the pieces that a WebAssembly binary is made of: bytes, LEB128 numbers, vectors, sections. */

/** What is in the binary is not what the rewriter knows; a fault of the kernels' build, not of a user. */
export class WasmFormatError extends Error {
  constructor(message: string, at: number) {
    super(`netlathe bug: ${message} at byte ${at} of the kernels`);
  }
}

export class Reader {
  readonly bytes: Uint8Array;
  readonly end: number;
  at: number;

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  get done(): boolean {
    return this.at >= this.end;
  }

  byte(): number {
    if (this.at >= this.end) throw new WasmFormatError('the binary ends early', this.at);
    return this.bytes[this.at++] as number;
  }

  peek(): number {
    return this.bytes[this.at] ?? 0;
  }

  skip(count: number): void {
    this.at += count;
    if (this.at > this.end) throw new WasmFormatError('the binary ends early', this.at);
  }

  u32(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new WasmFormatError('a number is too long', this.at);
  }

  /** Steps over a LEB128 number of any size. */
  skipNumber(): void {
    for (let i = 0; i < 10; i++) if (this.byte() < 0x80) return;
    throw new WasmFormatError('a number is too long', this.at);
  }

  slice(count: number): Uint8Array {
    const from = this.at;
    this.skip(count);
    return this.bytes.subarray(from, this.at);
  }

  text(): string {
    return new TextDecoder().decode(this.slice(this.u32()));
  }

  /** A vector, element by element. */
  vector<T>(element: (reader: Reader) => T): T[] {
    return Array.from({ length: this.u32() }, () => element(this));
  }
}

export function u32(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low + 128 : low);
  } while (rest > 0);
  return bytes;
}

export function text(value: string): number[] {
  const bytes = new TextEncoder().encode(value);
  return [...u32(bytes.length), ...bytes];
}

export function vector(elements: readonly ArrayLike<number>[]): Uint8Array {
  return concat([u32(elements.length), ...elements]);
}

export function section(id: number, contents: Uint8Array): Uint8Array {
  return concat([[id], u32(contents.length), contents]);
}

export function concat(parts: readonly ArrayLike<number>[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
