/**
 * The JSON of a safetensors header: maps, lists, strings and unsigned integers, nothing else. JSON.parse would take the
 * last of two equal keys in silence, and make a number out of any digits; this reader refuses both.
 */

import { WeightsError } from './weights-error.ts';

export type HeaderValue = string | number | readonly HeaderValue[] | HeaderMap;
/** A Map, so that a key such as `__proto__` is a key like any other. */
export interface HeaderMap extends ReadonlyMap<string, HeaderValue> {}

/** header > tensor > shape: nothing legal is deeper. */
const deepest = 3;
const space = /[ \t\n\r]*/y;
const string = /"(?:[^"\\\p{Cc}]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"/uy;
const integer = /0|[1-9][0-9]{0,15}(?![0-9.eE])/y;

export function parseHeader(text: string, entryLimit: number): HeaderMap {
  return new HeaderParser(text, entryLimit).parse();
}

class HeaderParser {
  readonly #text: string;
  readonly #entryLimit: number;
  #at = 0;

  constructor(text: string, entryLimit: number) {
    this.#text = text;
    this.#entryLimit = entryLimit;
  }

  parse(): HeaderMap {
    if (this.#text[0] !== '{') this.#fail('it does not begin with "{"');
    const header = this.#map(1);
    this.#match(space);
    if (this.#at < this.#text.length) this.#fail('more text follows the header');
    return header;
  }

  #value(depth: number): HeaderValue {
    const next = this.#text[this.#at];
    if ((next === '{' || next === '[') && depth > deepest) this.#fail('it is nested too deeply');
    if (next === '{') return this.#map(depth);
    if (next === '[') return this.#list(depth);
    if (next === '"') return this.#string();
    const digits = this.#match(integer);
    const value = Number(digits);
    if (digits === '') this.#fail('expected a string, a list, a map or a whole number');
    if (!Number.isSafeInteger(value)) this.#fail(`${digits} is too large`);
    return value;
  }

  #map(depth: number): HeaderMap {
    const map = new Map<string, HeaderValue>();
    this.#items('{', '}', () => {
      const key = this.#string();
      if (map.has(key)) this.#fail(`the key ${JSON.stringify(key)} stands twice`);
      this.#match(space);
      this.#expect(':');
      this.#match(space);
      map.set(key, this.#value(depth + 1));
    });
    return map;
  }

  #list(depth: number): readonly HeaderValue[] {
    const list: HeaderValue[] = [];
    this.#items('[', ']', () => list.push(this.#value(depth + 1)));
    return list;
  }

  #items(open: string, close: string, item: () => void): void {
    this.#expect(open);
    this.#match(space);
    if (this.#take(close)) return;
    for (let count = 0; ; count++) {
      if (count >= this.#entryLimit) this.#fail(`more than ${this.#entryLimit} entries`);
      this.#match(space);
      item();
      this.#match(space);
      if (this.#take(close)) return;
      this.#expect(',');
    }
  }

  #string(): string {
    const literal = this.#match(string);
    if (literal === '') this.#fail('expected a string');
    return JSON.parse(literal) as string;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }

  #take(symbol: string): boolean {
    if (this.#text[this.#at] !== symbol) return false;
    this.#at++;
    return true;
  }

  #expect(symbol: string): void {
    if (!this.#take(symbol)) this.#fail(`expected "${symbol}"`);
  }

  #fail(problem: string): never {
    throw new WeightsError('E802', `the header is malformed: ${problem}`, {
      where: `character ${this.#at} of the header`,
    });
  }
}
