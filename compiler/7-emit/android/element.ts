/** XML of Android as data: written as text for Android Studio and in binary for the APK, both from one tree. */

import { entityOf } from '../text.ts';

export type Value =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'flag'; readonly value: boolean }
  /** Bits, with the words that stand for them in text. */
  | { readonly kind: 'bits'; readonly value: number; readonly words: string }
  /** Of this app (0x7f...) or of Android (0x01...), with its name in text. */
  | { readonly kind: 'resource'; readonly id: number; readonly name: string };

export interface Attribute {
  /** With the prefix `android:`, or without any. */
  readonly name: string;
  readonly value: Value;
}

export interface Element {
  readonly name: string;
  readonly attributes: readonly Attribute[];
  readonly children: readonly Element[];
}

export const androidSpace = 'http://schemas.android.com/apk/res/android';

export const text = (value: string): Value => ({ kind: 'text', text: value });
export const number = (value: number): Value => ({ kind: 'number', value });
export const flag = (value: boolean): Value => ({ kind: 'flag', value });
export const bits = (value: number, words: string): Value => ({ kind: 'bits', value, words });
export const resource = (id: number, name: string): Value => ({ kind: 'resource', id, name });

export function element(
  name: string,
  attributes: Readonly<Record<string, Value>>,
  ...children: readonly Element[]
): Element {
  return {
    name,
    attributes: Object.entries(attributes).map(([key, value]) => ({ name: key, value })),
    children,
  };
}

/** As text, for people and for Gradle. */
export function xmlOf(root: Element, note: string): string {
  const space = `xmlns:android="${androidSpace}"`;
  return `<?xml version="1.0" encoding="utf-8"?>\n<!-- ${note} -->\n${lines(root, '', [space])}`;
}

function lines(
  { name, attributes, children }: Element,
  indent: string,
  first: readonly string[] = [],
): string {
  const all = [...first, ...attributes.map((a) => `${a.name}="${writtenOf(a.value)}"`)];
  const head = all.length > 1 ? all.map((a) => `\n${indent}    ${a}`).join('') : ` ${all.join('')}`;
  const open = `${indent}<${name}${all.length > 0 ? head : ''}`;
  if (children.length === 0) return `${open} />\n`;
  return `${open}>\n${children.map((c) => lines(c, `${indent}  `)).join('')}${indent}</${name}>\n`;
}

function writtenOf(value: Value): string {
  switch (value.kind) {
    case 'text':
      // aapt takes @, ? and \ at the start of a text for references and escapes.
      return entityOf(value.text.replaceAll('\\', '\\\\').replace(/^[@?]/, '\\$&'));
    case 'number':
    case 'flag':
      return `${value.value}`;
    case 'bits':
      return value.words;
    case 'resource':
      return value.name;
  }
}
