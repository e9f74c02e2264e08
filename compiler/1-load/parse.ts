/** Text to tree. Takes YAML 1.2; refuses all that the language does not use, each with its place. */

import {
  type Alias,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Node,
  type ParsedNode,
  parseDocument,
  type Scalar,
} from 'yaml';
import {
  aliasTrouble,
  duplicateKey,
  notAMap,
  tooDeep,
  unsupportedYaml,
} from '../diagnostics/codes/load.ts';
import {
  type Diagnostic,
  diagnose,
  type Fault,
  failed,
  type Outcome,
  outcome,
  type Place,
} from '../diagnostics/diagnostic.ts';
import { guard, limits } from './guard.ts';
import { Lines } from './lines.ts';
import { explainSyntax } from './syntax.ts';
import type { Entry, MapNode, TreeNode } from './tree.ts';

/** What the map of an architecture must hold; for the message where there is no map at all. */
const architectureKeys = 'version, name, input, classes and layers';

export function parse(file: string, text: string, keys = architectureKeys): Outcome<MapNode> {
  const lines = new Lines(file, text);
  const refused = guard(text, lines);
  if (refused) return failed(refused);
  const document = parseDocument(text, {
    uniqueKeys: false, // quadratic in the parser; checked here while walking
    schema: 'core',
    strict: true,
    merge: false,
    prettyErrors: false,
  });
  // Warnings too: a tag the parser ignores would be a value that is not what it says.
  const [complaint] = [...document.errors, ...document.warnings].sort(
    (a, b) => a.pos[0] - b.pos[0],
  );
  if (complaint) return failed(explainSyntax(complaint, text, lines));
  const root = document.contents as ParsedNode | null;
  if (!root || !isMap(root))
    return failed(diagnose(notAMap, { keys }, { place: lines.place(0, 0) }));
  const walker = new Walker(lines);
  const tree = walker.walk(root, 0);
  return outcome(tree as MapNode, walker.diagnostics);
}

class Walker {
  readonly diagnostics: Diagnostic[] = [];
  readonly #lines: Lines;
  /** The last node so marked. The parser's own look-up goes through the whole document for each alias. */
  readonly #anchors = new Map<string, Node>();
  readonly #following = new Set<Node>();
  #nodes = 0;

  constructor(lines: Lines) {
    this.#lines = lines;
  }

  walk(node: Node | null, depth: number): TreeNode {
    const place = this.#placeOf(node);
    if (++this.#nodes > limits.nodes) {
      if (this.#nodes === limits.nodes + 1) {
        const text = `the document has more than ${limits.nodes} values once all anchors are followed`;
        this.#report(aliasTrouble, { text }, place);
      }
      return { kind: 'scalar', place, value: null };
    }
    if (depth > limits.depth) {
      this.#report(tooDeep, { what: 'lists and maps', limit: limits.depth }, place);
      return { kind: 'scalar', place, value: null };
    }
    if (isAlias(node)) return this.#walkAlias(node, depth, place);
    // What an alias repeats was marked where it stands.
    if (node?.anchor !== undefined && this.#following.size === 0) {
      this.#anchors.set(node.anchor, node);
    }
    if (isMap(node)) return this.#walkMap(node.items, depth, place);
    if (isSeq(node)) {
      return { kind: 'list', place, items: node.items.map((item) => this.#walkItem(item, depth)) };
    }
    return this.#walkScalar(node as Scalar | null, place);
  }

  /** `[width, stride: 1]` holds a pair: a map of one entry. */
  #walkItem(item: unknown, depth: number): TreeNode {
    if (!isPair(item)) return this.walk(item as Node | null, depth + 1);
    const place = this.#placeOf((item.key ?? item.value) as Node | null);
    return this.#walkMap([item as never], depth + 1, place);
  }

  #walkAlias(alias: Alias, depth: number, place: Place): TreeNode {
    const target = this.#anchors.get(alias.source);
    if (!target || this.#following.has(target)) {
      const text = target
        ? `*${alias.source} stands inside what &${alias.source} marks: it would never end`
        : `*${alias.source} has no &${alias.source} before it`;
      const hint = target ? undefined : `if it is meant as text, quote it: "*${alias.source}"`;
      this.diagnostics.push(diagnose(aliasTrouble, { text }, { place, hint }));
      return { kind: 'scalar', place, value: null };
    }
    this.#following.add(target);
    const tree = this.walk(target, depth);
    this.#following.delete(target);
    return tree;
  }

  #walkMap(
    pairs: readonly { readonly key: unknown; readonly value: unknown }[],
    depth: number,
    place: Place,
  ): MapNode {
    const entries = new Map<string, Entry>();
    const merged = new Map<string, Entry>();
    for (const pair of pairs) {
      const key = this.#keyOf(pair.key as Node | null);
      if (key === undefined) continue;
      const keyPlace = this.#placeOf(pair.key as Node);
      if (key === '<<') {
        this.#merge(this.walk(pair.value as Node | null, depth + 1), merged);
        continue;
      }
      const before = entries.get(key);
      if (before) {
        this.diagnostics.push(
          diagnose(
            duplicateKey,
            { key },
            {
              place: keyPlace,
              related: [{ place: before.key, message: 'it stands here first' }],
            },
          ),
        );
        continue;
      }
      entries.set(key, { key: keyPlace, value: this.walk(pair.value as Node | null, depth + 1) });
    }
    for (const [key, entry] of merged) if (!entries.has(key)) entries.set(key, entry);
    return { kind: 'map', place, entries };
  }

  #merge(source: TreeNode, into: Map<string, Entry>): void {
    const maps = source.kind === 'list' ? source.items : [source];
    for (const map of maps) {
      if (map.kind !== 'map') {
        this.#report(aliasTrouble, { text: '<< takes a map, or a list of maps' }, map.place);
        continue;
      }
      for (const [key, entry] of map.entries) if (!into.has(key)) into.set(key, entry);
    }
  }

  #keyOf(key: Node | null): string | undefined {
    if (isScalar(key) && (typeof key.value === 'string' || typeof key.value === 'number')) {
      return String(key.value);
    }
    this.#report(unsupportedYaml, { text: 'a key must be a word' }, this.#placeOf(key));
    return undefined;
  }

  #walkScalar(node: Scalar | null, place: Place): TreeNode {
    const value = node?.value ?? null;
    if (typeof value === 'number') {
      const source = node?.source ?? String(value);
      const text = wrongNumber(value, source);
      if (text) this.#report(unsupportedYaml, { text }, place);
    }
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
      return { kind: 'scalar', place, value };
    }
    if (value !== null)
      this.#report(unsupportedYaml, { text: 'this value has no meaning here' }, place);
    return { kind: 'scalar', place, value: null };
  }

  #placeOf(node: Node | null | undefined): Place {
    const [start, end] = node?.range ?? [0, 0];
    return this.#lines.place(start, end);
  }

  #report<A>(kind: Fault<A>, args: A, place: Place): void {
    this.diagnostics.push(diagnose(kind, args, { place }));
  }
}

function wrongNumber(value: number, source: string): string | undefined {
  if (!Number.isFinite(value)) return `${source} is no finite number`;
  if (/^[-+]?0\d/.test(source)) return `${source} has a leading zero: write ${Number(source)}`;
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    return `${source} is too large to be exact`;
  }
  return undefined;
}
