/** XML as the phone reads it: frameworks/base ResourceTypes.h, ResXMLTree. */

import { chunk, none, StringPool, typed, u8, u16, u32, valueTypes } from './chunks.ts';
import { type Attribute, androidSpace, type Element, type Value } from './element.ts';

/** android.R.attr: the system knows attributes by these numbers, not by their names. */
const attributeIds: Readonly<Record<string, number>> = {
  theme: 0x01010000,
  label: 0x01010001,
  icon: 0x01010002,
  name: 0x01010003,
  exported: 0x01010010,
  configChanges: 0x0101001f,
  drawable: 0x01010199,
  minSdkVersion: 0x0101020c,
  versionCode: 0x0101021b,
  versionName: 0x0101021c,
  targetSdkVersion: 0x01010270,
  allowBackup: 0x01010280,
  required: 0x0101028e,
  supportsRtl: 0x010103af,
};

function idOf({ name }: Attribute): number {
  if (!name.startsWith('android:')) return none;
  const id = attributeIds[name.slice('android:'.length)];
  if (id === undefined) throw new Error(`netlathe bug: no number of ${name}`);
  return id;
}

function everyAttribute(root: Element): readonly Attribute[] {
  return [...root.attributes, ...root.children.flatMap(everyAttribute)];
}

export function binaryXml(root: Element): Buffer {
  const pool = new StringPool();
  // The first strings are the names of attributes that have numbers, in the order of the list of numbers.
  const ids = [...new Set(everyAttribute(root).map(idOf))].filter((id) => id !== none);
  ids.sort((a, b) => a - b);
  for (const id of ids) {
    const [name] = Object.entries(attributeIds).find(([, known]) => known === id) ?? [];
    pool.add(name as string);
  }
  const space = [pool.add('android'), pool.add(androidSpace)] as const;
  const body = [node(0x0100, u32(...space)), ...nodes(root, pool), node(0x0101, u32(...space))];
  return chunk(0x0003, u8(), pool.chunk(), chunk(0x0180, u8(), u32(...ids)), ...body);
}

/** Line number and comment, which nobody needs. */
function node(type: number, ...body: readonly Buffer[]): Buffer {
  return chunk(type, u32(1, none), ...body);
}

function nodes({ name, attributes, children }: Element, pool: StringPool): readonly Buffer[] {
  const own = u32(none, pool.add(name));
  // The system finds attributes by bisection: sorted by number, those without any behind.
  const sorted = attributes.toSorted((a, b) => idOf(a) - idOf(b));
  const sizes = u16(20, 20, sorted.length, 0, 0, 0);
  return [
    node(0x0102, own, sizes, ...sorted.map((a) => attribute(a, pool))),
    ...children.flatMap((child) => nodes(child, pool)),
    node(0x0103, own),
  ];
}

function attribute({ name, value }: Attribute, pool: StringPool): Buffer {
  const local = name.replace(/^android:/, '');
  const space = local === name ? none : pool.add(androidSpace);
  const raw = value.kind === 'text' ? pool.add(value.text) : none;
  const [type, data] = typedOf(value, raw);
  return Buffer.concat([u32(space, pool.add(local), raw), typed(type, data)]);
}

function typedOf(value: Value, raw: number): readonly [type: number, data: number] {
  switch (value.kind) {
    case 'text':
      return [valueTypes.string, raw];
    case 'number':
      return [valueTypes.decimal, value.value];
    case 'flag':
      return [valueTypes.boolean, value.value ? none : 0];
    case 'bits':
      return [valueTypes.hexadecimal, value.value];
    case 'resource':
      return [valueTypes.reference, value.id];
  }
}
