/**
 * Cuts a module of kernels down to the exports that a network needs, over a memory that is not shared: Android's
 * WebView and pages without cross-origin isolation have no SharedArrayBuffer. Functions that no wanted export reaches
 * are dropped, the rest keep their order and their code; only the numbers by which they call each other change.
 */
import { concat, Reader, section, text, u32, vector, WasmFormatError } from './binary.ts';
import { type IndexUse, walkInstructions } from './instructions.ts';

const header = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);
const sectionIds = { custom: 0, type: 1, import: 2, function: 3, export: 7, code: 10 } as const;

interface Body {
  /** Locals and instructions, without the size in front. */
  readonly bytes: Uint8Array;
  readonly uses: readonly IndexUse[];
}

interface Parsed {
  readonly types: readonly Uint8Array[];
  readonly memory: { readonly module: string; readonly name: string };
  /** The type of each function. */
  readonly functions: readonly number[];
  readonly exports: ReadonlyMap<string, number>;
  readonly bodies: readonly Body[];
}

/** `pages` is how many pages the memory that is given to it has at least. */
export function stripModule(
  wasm: Uint8Array,
  wanted: readonly string[],
  pages: number,
): Uint8Array<ArrayBuffer> {
  const parsed = parse(wasm);
  const roots = wanted.map((name) => {
    const found = parsed.exports.get(name);
    if (found === undefined) throw new Error(`netlathe bug: no kernel "${name}" in the module`);
    return found;
  });
  const functions = reachable(parsed, roots);
  const newFunction = new Map(functions.map((old, i) => [old, i]));
  const types = usedTypes(parsed, functions);
  const newType = new Map(types.map((old, i) => [old, i]));
  const renumber = ({ kind, index }: IndexUse): number[] =>
    u32((kind === 'function' ? newFunction : newType).get(index) as number);
  const { module, name } = parsed.memory;
  const memory = concat([text(module), text(name), [0x02, 0x00], u32(pages)]);
  const exported = wanted.map((export_, i) =>
    concat([text(export_), [0x00], u32(newFunction.get(roots[i] as number) as number)]),
  );
  const code = functions.map((f) => {
    const body = rewrite(parsed.bodies[f] as Body, renumber);
    return concat([u32(body.length), body]);
  });
  const typeOf = (f: number): number[] => u32(newType.get(parsed.functions[f] as number) as number);
  return new Uint8Array(
    concat([
      header,
      section(sectionIds.type, vector(types.map((t) => parsed.types[t] as Uint8Array))),
      section(sectionIds.import, vector([memory])),
      section(sectionIds.function, vector(functions.map(typeOf))),
      section(sectionIds.export, vector(exported)),
      section(sectionIds.code, vector(code)),
    ]),
  );
}

function parse(wasm: Uint8Array): Parsed {
  const reader = new Reader(wasm);
  reader.skip(header.length);
  const sections = new Map<number, Reader>();
  while (!reader.done) {
    const at = reader.at;
    const id = reader.byte();
    const size = reader.u32();
    const known = Object.values(sectionIds).some((s) => s === id);
    // Globals, data, tables: state that kernels do not have (docs/kernels.md).
    if (!known) throw new WasmFormatError(`section ${id}`, at);
    sections.set(id, new Reader(wasm, reader.at, reader.at + size));
    reader.skip(size);
  }
  const of = (id: number): Reader => sections.get(id) ?? new Reader(Uint8Array.of(0));
  return {
    types: of(sectionIds.type).vector(functionType),
    memory: importedMemory(of(sectionIds.import)),
    functions: of(sectionIds.function).vector((r) => r.u32()),
    exports: new Map(of(sectionIds.export).vector(functionExport)),
    bodies: of(sectionIds.code).vector(body),
  };
}

function functionType(reader: Reader): Uint8Array {
  const from = reader.at;
  if (reader.byte() !== 0x60) throw new WasmFormatError('a type that is no function', from);
  reader.vector((r) => r.byte());
  reader.vector((r) => r.byte());
  return reader.bytes.subarray(from, reader.at);
}

function importedMemory(reader: Reader): Parsed['memory'] {
  const at = reader.at;
  const imports = reader.vector((r) => {
    const [module, name, kind] = [r.text(), r.text(), r.byte()];
    if (kind !== 0x02) throw new WasmFormatError('an import that is no memory', r.at);
    // Flags, minimum and, by bit 0, maximum.
    const limits = r.byte();
    r.skipNumber();
    if (limits & 0x01) r.skipNumber();
    return { module, name };
  });
  const [memory] = imports;
  if (!memory || imports.length !== 1) throw new WasmFormatError('other imports', at);
  return memory;
}

function functionExport(reader: Reader): readonly [string, number] {
  const name = reader.text();
  if (reader.byte() !== 0x00) throw new WasmFormatError('an export that is no function', reader.at);
  return [name, reader.u32()];
}

function body(reader: Reader): Body {
  const bytes = reader.slice(reader.u32());
  const inner = new Reader(bytes);
  inner.vector((r) => {
    r.skipNumber();
    r.byte();
  });
  const uses: IndexUse[] = [];
  walkInstructions(inner, (use) => uses.push(use));
  return { bytes, uses };
}

function reachable({ bodies }: Parsed, roots: readonly number[]): readonly number[] {
  const found = new Set<number>();
  const queue = [...roots];
  for (let f = queue.pop(); f !== undefined; f = queue.pop()) {
    if (found.has(f)) continue;
    found.add(f);
    for (const { kind, index } of bodies[f]?.uses ?? []) if (kind === 'function') queue.push(index);
  }
  return [...found].sort((a, b) => a - b);
}

function usedTypes({ functions: typeOf, bodies }: Parsed, kept: readonly number[]): number[] {
  const used = new Set<number>();
  for (const f of kept) {
    used.add(typeOf[f] as number);
    for (const { kind, index } of bodies[f]?.uses ?? []) if (kind === 'type') used.add(index);
  }
  return [...used].sort((a, b) => a - b);
}

function rewrite({ bytes, uses }: Body, renumber: (use: IndexUse) => number[]): Uint8Array {
  const parts: ArrayLike<number>[] = [];
  let at = 0;
  for (const use of uses) {
    parts.push(bytes.subarray(at, use.from), renumber(use));
    at = use.to;
  }
  parts.push(bytes.subarray(at));
  return concat(parts);
}
