/**
 * Layers as written to layers as they are: block calls, loops, branches and named inputs become a flat list.
 * Keeps track of the shape that reaches each layer, because `in` may be used in expressions; it stays silent about
 * sizes that do not fit, which is for phase 4 to say.
 */

import type { Places } from '../1-load/tree.ts';
import { foreignOp } from '../2-validate/foreign.ts';
import type { Call, Group, Layer, Layers, Op } from '../2-validate/spec.ts';
import {
  blockRecursion,
  fromConflict,
  joinInputs,
  nameTaken,
  tooManyLayers,
  unknownBlock,
  unknownLayer,
  unknownSource,
} from '../diagnostics/codes/normalize.ts';
import { type Diagnostic, diagnose, type Fault, type Place } from '../diagnostics/diagnostic.ts';
import { didYouMean } from '../diagnostics/suggest.ts';
import type { Part } from '../graph/graph.ts';
import { isOpKind, type OpKind, opKinds, ops } from '../ops/index.ts';
import { resolveAttributes, type Written } from './attributes.ts';
import { type BlockTable, bindArguments } from './blocks.ts';
import { evaluateInteger } from './evaluate.ts';
import { iterations, stands } from './loops.ts';
import type { Names } from './names.ts';
import type { NormalLayer } from './normal.ts';
import { Scope, type Tensor } from './scope.ts';
import { shapeAfter, unknown } from './tensors.ts';

export const layerLimit = 1000;
/** Rounds of loops and layers visited; empty groups repeated a million times emit nothing but take time. */
const visitLimit = 50_000;

export interface FileContext {
  readonly places: Places;
  readonly root: Place;
  readonly blocks: BlockTable;
  readonly defaults: Readonly<Record<string, object>>;
  readonly fileScope: Scope;
}

/** Where a stack of layers stands. */
interface Context {
  readonly scope: Scope;
  readonly names: Names;
  readonly calls: readonly Place[];
  readonly path: readonly Part[];
  /** The blocks being expanded, to find circles. */
  readonly active: readonly string[];
}

export class Expander {
  readonly layers: NormalLayer[] = [];
  readonly diagnostics: Diagnostic[] = [];
  readonly #file: FileContext;
  readonly #report = (diagnostic: Diagnostic) => void this.diagnostics.push(diagnostic);
  #visits = 0;
  #full = false;

  constructor(file: FileContext) {
    this.#file = file;
  }

  expand(layers: Layers, names: Names, image: Tensor): Tensor {
    const context = { scope: this.#file.fileScope, names, calls: [], path: [], active: [] };
    return this.#stack(layers, context, image);
  }

  #stack(layers: Layers, context: Context, input: Tensor): Tensor {
    let current = input;
    layers.forEach((layer, index) => {
      const place = this.#file.places.at(layers, index) ?? this.#file.root;
      current = this.#layer(layer, place, context, current);
    });
    return current;
  }

  #layer(layer: Layer, place: Place, context: Context, input: Tensor): Tensor {
    if (this.#isFull(place)) return input;
    if (typeof layer === 'string') return this.#word(layer, place, context, input);
    const rounds = iterations(layer, place, context.scope, input, this.#file, this.#report);
    let current = input;
    rounds.forEach((scope) => {
      if (this.#isFull(place)) return;
      if (!stands(layer, place, scope, current, this.#file.places, this.#report)) return;
      current = this.#once(layer, place, { ...context, scope }, current, rounds.length);
    });
    return current;
  }

  #once(
    layer: Exclude<Layer, string>,
    place: Place,
    context: Context,
    input: Tensor,
    rounds: number,
  ): Tensor {
    if (isOp(layer)) return this.#op(layer, place, context, input, rounds);
    const from = this.#source(layer, place, context, input);
    if (!from) return unknown(input);
    if ('block' in layer) return this.#call(layer, place, context, from, rounds);
    if (layer.name === undefined) {
      const names = context.names.among(rounds > 1);
      return this.#stack((layer as Group).layers, { ...context, names }, from);
    }
    const segment = this.#segment(layer, layer.name, place, context, rounds);
    const inside = {
      ...context,
      names: context.names.inside(segment, true),
      path: [...context.path, { kind: 'group' as const, segment, place }],
    };
    const result = this.#stack((layer as Group).layers, inside, from);
    this.#define(layer, segment, result, context);
    return result;
  }

  /** A layer that is one word: layers passed as an argument, an op, or a block without parameters. */
  #word(word: string, place: Place, context: Context, input: Tensor): Tensor {
    const bound = context.scope.find(word);
    if (bound?.kind === 'layers')
      return this.#stack(bound.layers, { ...context, scope: bound.scope }, input);
    if (bound?.kind === 'word')
      return this.#word(bound.word, place, { ...context, scope: bound.scope }, input);
    if (bound?.kind === 'unknown') return unknown(input);
    if (isOpKind(word)) return this.#op({ op: word } as Op, place, context, input, 1);
    if (this.#file.blocks.has(word)) return this.#call({ block: word }, place, context, input, 1);
    const known = [...opKinds, ...this.#file.blocks.keys(), ...context.scope.names()];
    // YAML reads an item that is indented too far as more words of the item above.
    const hint = word.includes(' - ')
      ? 'the items of a list start in the same column: indent the next line less'
      : (foreignOp(word) ?? didYouMean(word, known));
    this.#fail(unknownLayer, { name: word }, place, hint);
    return unknown(input);
  }

  #call(call: Call, place: Place, context: Context, input: Tensor, rounds: number): Tensor {
    const bound = context.scope.find(call.block);
    const name = bound?.kind === 'word' ? bound.word : call.block;
    if (bound?.kind === 'layers')
      return this.#stack(bound.layers, { ...context, scope: bound.scope }, input);
    if (bound?.kind === 'word' && isOpKind(name)) return this.#word(name, place, context, input);
    const block = this.#file.blocks.get(name);
    const wordPlace = this.#file.places.at(call, 'block') ?? place;
    if (!block) {
      this.#fail(unknownBlock, { name }, wordPlace, didYouMean(name, this.#file.blocks.keys()));
      return unknown(input);
    }
    if (context.active.includes(name)) {
      this.#fail(blockRecursion, { block: name }, wordPlace);
      return unknown(input);
    }
    const scope = new Scope(this.#file.fileScope, input);
    bindArguments(
      call,
      block,
      scope,
      { place, scope: context.scope, input },
      this.#file,
      this.#report,
    );
    const segment = this.#segment(call, name, place, context, rounds);
    const inside = {
      scope,
      names: context.names.inside(segment, false),
      calls: [...context.calls, place],
      path: [...context.path, { kind: 'block' as const, segment, place }],
      active: [...context.active, name],
    };
    const result = this.#stack(block.layers, inside, input);
    this.#define(call, segment, result, context);
    return result;
  }

  #op(layer: Op, place: Place, context: Context, input: Tensor, rounds: number): Tensor {
    const segment = this.#segment(layer, layer.op, place, context, rounds);
    const inputs =
      ops[layer.op].arity === 'join'
        ? this.#joined(layer, segment, place, context, input)
        : this.#single(layer, place, context, input);
    const reaches = inputs?.[0] ?? unknown(input);
    const resolved = this.#attributes(layer, place, context, reaches);
    const result =
      inputs && resolved
        ? this.#emit(layer.op, segment, inputs, resolved, place, context)
        : unknown(input);
    this.#define(layer, segment, result, context);
    return result;
  }

  #single(layer: Op, place: Place, context: Context, input: Tensor): readonly Tensor[] | undefined {
    const from = this.#source(layer, place, context, input);
    return from && [from];
  }

  #attributes(layer: Op, place: Place, context: Context, input: Tensor) {
    const holder = this.#file.defaults[layer.op];
    const around = {
      channels: input.shape?.channels,
      entryChannels: context.scope.entry?.shape?.channels,
    };
    const written: Written = { holder: layer, place, around: { scope: context.scope, ...around } };
    const defaults: Written | undefined = holder && {
      holder,
      place: this.#file.places.of(holder),
      around: { scope: this.#file.fileScope, ...around },
    };
    return resolveAttributes(layer.op, written, defaults, this.#file.places, this.#report);
  }

  #joined(
    layer: Op,
    segment: string,
    place: Place,
    context: Context,
    input: Tensor,
  ): readonly Tensor[] | undefined {
    const { branches, split, from } = layer as {
      readonly branches?: readonly Layers[];
      readonly split?: number | string;
      readonly from?: string | readonly string[];
    };
    if (Array.isArray(from)) {
      if (branches) {
        this.#fail(fromConflict, { op: layer.op }, this.#file.places.at(layer, 'from') ?? place);
        return undefined;
      }
      const tensors = from.map((name, i) =>
        this.#named(name, this.#file.places.at(from, i) ?? place, context, input),
      );
      return tensors.every((t) => t !== undefined) ? tensors : undefined;
    }
    if (!branches) {
      this.#fail(joinInputs, { op: layer.op }, place);
      return undefined;
    }
    const source = this.#source(layer, place, context, input);
    if (!source) return undefined;
    const parts =
      split === undefined ? undefined : this.#splitCount(layer, split, branches, context, source);
    return branches.map((branch, i) => {
      const part = `${segment}.branch${i + 1}`;
      const inside = {
        ...context,
        names: context.names.inside(part, true),
        path: [...context.path, { kind: 'branch' as const, segment: part, place }],
      };
      const entering =
        parts === undefined ? source : this.#part(parts, i, source, layer, inside, place);
      return this.#stack(branch, inside, entering);
    });
  }

  #splitCount(
    layer: Op,
    split: number | string,
    branches: readonly Layers[],
    context: Context,
    source: Tensor,
  ): number {
    const around = {
      scope: context.scope,
      place: this.#file.places.at(layer, 'split'),
      channels: source.shape?.channels,
      entryChannels: context.scope.entry?.shape?.channels,
    };
    const count = evaluateInteger(split, 'split', branches.length, around, this.#report);
    return count?.value ?? branches.length;
  }

  #part(
    parts: number,
    part: number,
    source: Tensor,
    layer: Op,
    context: Context,
    place: Place,
  ): Tensor {
    const at = this.#file.places.at(layer, 'split');
    const resolved = {
      values: { parts, part },
      places: new Map<string, Place>(at ? [['parts', at]] : []),
      sources: new Map(),
    };
    return this.#emit('split', context.names.number('split'), [source], resolved, place, context);
  }

  #emit(
    op: OpKind,
    segment: string,
    inputs: readonly Tensor[],
    resolved: NonNullable<ReturnType<typeof resolveAttributes>>,
    place: Place,
    context: Context,
  ): Tensor {
    const name = context.names.full(segment);
    this.layers.push({
      name,
      op,
      attributes: resolved.values,
      inputs: inputs.map((t) => t.name),
      origin: {
        place,
        attributes: resolved.places,
        sources: resolved.sources,
        calls: context.calls,
        path: context.path,
      },
    });
    return { name, shape: shapeAfter(op, resolved.values, inputs) };
  }

  /** The one tensor that enters: named by `from`, or the layer above. */
  #source(
    layer: { readonly from?: string | readonly string[] },
    place: Place,
    context: Context,
    input: Tensor,
  ): Tensor | undefined {
    const { from } = layer;
    if (from === undefined) return input;
    const at = this.#file.places.at(layer, 'from') ?? place;
    if (typeof from === 'string') return this.#named(from, at, context, input);
    this.#fail(
      unknownSource,
      { name: from.join(', ') },
      at,
      'only add, concat and multiply take several',
    );
    return undefined;
  }

  #named(name: string, place: Place, context: Context, input: Tensor): Tensor | undefined {
    if (name === 'previous') return input;
    if (name === 'entry' && context.scope.entry) return context.scope.entry;
    const tensor = context.names.find(name);
    if (tensor) return tensor;
    const known = [
      ...context.names.visible(),
      'previous',
      ...(context.scope.entry ? ['entry'] : []),
    ];
    this.#fail(unknownSource, { name }, place, didYouMean(name, known));
    return undefined;
  }

  /** Inside a loop a layer is found by the name that was written, too: the one of this round. */
  #define(layer: { readonly name?: string }, segment: string, tensor: Tensor, context: Context) {
    context.names.define(segment, tensor);
    if (layer.name !== undefined && context.names.numbered)
      context.names.define(layer.name, tensor);
  }

  #segment(
    layer: { readonly name?: string },
    word: string,
    place: Place,
    context: Context,
    rounds: number,
  ): string {
    const { name } = layer;
    if (name === undefined) return context.names.number(word);
    if (['previous', 'entry'].includes(name)) {
      const at = this.#file.places.at(layer, 'name') ?? place;
      this.#fail(nameTaken, { name, by: "the language's own word" }, at);
    }
    if (rounds > 1 || context.names.numbered) return context.names.number(name);
    if (!context.names.take(name)) {
      const at = this.#file.places.at(layer, 'name') ?? place;
      this.#fail(nameTaken, { name, by: 'the name of another layer here' }, at);
      return context.names.number(name);
    }
    return name;
  }

  #isFull(place: Place): boolean {
    this.#visits++;
    if (!this.#full && (this.layers.length > layerLimit || this.#visits > visitLimit)) {
      this.#full = true;
      this.#fail(tooManyLayers, { limit: layerLimit }, place);
    }
    return this.#full;
  }

  #fail<A>(kind: Fault<A>, args: A, place: Place, hint?: string): void {
    this.#report(diagnose(kind, args, { place, hint }));
  }
}

/** The schema has already told the three forms of a layer apart by these keys. */
function isOp(layer: Exclude<Layer, string>): layer is Op {
  return 'op' in layer;
}
