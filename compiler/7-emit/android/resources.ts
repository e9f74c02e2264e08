/** The table of resources, resources.arsc: frameworks/base ResourceTypes.h, ResTable. */

import { chunk, none, StringPool, typed, u8, u16, u32, valueTypes } from './chunks.ts';

/** `path`: a file of the APK. `colour`: 0xaarrggbb. */
export type ResourceValue = { readonly path: string } | { readonly colour: number };

export interface Variant {
  /** Dots an inch; 0 for any, 0xfffe for drawings without a size. */
  readonly density: number;
  /** The version of Android from which on it holds; 0 for all. */
  readonly sdk: number;
  readonly value: ResourceValue;
}

export interface Resource {
  readonly type: string;
  readonly name: string;
  readonly variants: readonly Variant[];
}

/** Of this app; types and entries count as they first appear. */
export function resourceId(resources: readonly Resource[], type: string, name: string): number {
  const types = typesOf(resources);
  const entries = resources.filter((r) => r.type === type);
  const [typeAt, entryAt] = [types.indexOf(type), entries.findIndex((r) => r.name === name)];
  if (typeAt < 0 || entryAt < 0) throw new Error(`netlathe bug: no resource ${type}/${name}`);
  return 0x7f000000 + ((typeAt + 1) << 16) + entryAt;
}

function typesOf(resources: readonly Resource[]): readonly string[] {
  return [...new Set(resources.map(({ type }) => type))];
}

export function resourceTable(appId: string, resources: readonly Resource[]): Buffer {
  const values = new StringPool();
  const typeNames = new StringPool();
  const keys = new StringPool();
  const types = typesOf(resources);
  for (const type of types) typeNames.add(type);
  const bodies = types.flatMap((type, i) => {
    const entries = resources.filter((r) => r.type === type);
    return typeChunks(i + 1, entries, values, keys);
  });
  const name = Buffer.alloc(256);
  name.write(appId.slice(0, 127), 'utf16le');
  const headerSize = 8 + 280;
  const typePool = typeNames.chunk();
  const keyPool = keys.chunk();
  const offsets = u32(
    headerSize,
    types.length,
    headerSize + typePool.length,
    keyCount(resources),
    0,
  );
  const header = Buffer.concat([u32(0x7f), name, offsets]);
  const body = chunk(0x0200, header, typePool, keyPool, ...bodies);
  return chunk(0x0002, u32(1), values.chunk(), body);
}

function keyCount(resources: readonly Resource[]): number {
  return new Set(resources.map(({ name }) => name)).size;
}

/** A list of what may vary, then the entries for each configuration. */
function typeChunks(
  id: number,
  entries: readonly Resource[],
  values: StringPool,
  keys: StringPool,
): readonly Buffer[] {
  const flags = entries.map(({ variants }) => (variants.length > 1 ? 0x0500 : 0));
  const spec = chunk(0x0202, Buffer.concat([u8(id, 0, 0, 0), u32(entries.length)]), u32(...flags));
  const configurations = new Map<string, Variant>();
  for (const variant of entries.flatMap(({ variants }) => variants)) {
    configurations.set(`${variant.density} ${variant.sdk}`, variant);
  }
  const tables = [...configurations.values()].map(({ density, sdk }) => {
    const offsets: number[] = [];
    const found: Buffer[] = [];
    for (const { name, variants } of entries) {
      const variant = variants.find((v) => v.density === density && v.sdk === sdk);
      offsets.push(variant ? 16 * found.length : none);
      if (variant) found.push(entry(keys.add(name), variant.value, values));
    }
    const config = configuration(density, sdk);
    const start = 20 + config.length + 4 * offsets.length;
    const header = Buffer.concat([u8(id, 0, 0, 0), u32(entries.length, start), config]);
    return chunk(0x0201, header, u32(...offsets), ...found);
  });
  return [spec, ...tables];
}

function entry(key: number, value: ResourceValue, values: StringPool): Buffer {
  const written =
    'path' in value
      ? typed(valueTypes.string, values.add(value.path))
      : typed(valueTypes.colour, value.colour);
  return Buffer.concat([u16(8, 0), u32(key), written]);
}

/** ResTable_config of 64 bytes: all that is 0 holds everywhere. */
function configuration(density: number, sdk: number): Buffer {
  const config = Buffer.alloc(64);
  config.writeUInt32LE(64, 0);
  config.writeUInt16LE(density, 14);
  config.writeUInt16LE(sdk, 24);
  return config;
}
