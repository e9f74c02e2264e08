/** Blocks and the arguments of their calls. */

import type { Places } from '../1-load/tree.ts';
import type { Blocks, Call, Layers } from '../2-validate/spec.ts';
import { missingArgument, nameTaken, unknownArgument } from '../diagnostics/codes/normalize.ts';
import { diagnose, type Place } from '../diagnostics/diagnostic.ts';
import { didYouMean } from '../diagnostics/suggest.ts';
import { isOpKind } from '../ops/index.ts';
import { evaluateText, type Report, type Surroundings } from './evaluate.ts';
import type { FileContext } from './expand.ts';
import { type Binding, reservedNames, type Scope, type Tensor } from './scope.ts';

export interface Parameter {
  readonly name: string;
  readonly place: Place | undefined;
  /** The map that holds the default under the parameter's name. */
  readonly fallback: { readonly holder: object; readonly value: unknown } | undefined;
}

export interface Block {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  readonly layers: Layers;
  readonly place: Place | undefined;
}

export type BlockTable = ReadonlyMap<string, Block>;

export function blockTable(blocks: Blocks | undefined, places: Places, report: Report): BlockTable {
  const table = new Map<string, Block>();
  for (const [name, body] of Object.entries(blocks ?? {})) {
    const place = places.key(blocks as object, name);
    if (isOpKind(name) || reservedNames.includes(name)) {
      const by = isOpKind(name) ? 'an op' : "the language's own word";
      report(diagnose(nameTaken, { name, by }, { place, hint: 'give the block another name' }));
    }
    if (Array.isArray(body)) {
      table.set(name, { name, parameters: [], layers: body, place });
      continue;
    }
    const written = body as { readonly parameters?: readonly unknown[]; readonly layers: Layers };
    const parameters = (written.parameters ?? []).map((entry, i) =>
      parameterOf(entry, places.at(written.parameters as object, i), places),
    );
    checkParameters(parameters, report);
    table.set(name, { name, parameters, layers: written.layers, place });
  }
  return table;
}

function parameterOf(entry: unknown, place: Place | undefined, places: Places): Parameter {
  if (typeof entry === 'string') return { name: entry, place, fallback: undefined };
  const [name, value] = Object.entries(entry as object)[0] as [string, unknown];
  return {
    name,
    place: places.key(entry as object, name) ?? place,
    fallback: { holder: entry as object, value },
  };
}

function checkParameters(parameters: readonly Parameter[], report: Report): void {
  const seen = new Set<string>();
  for (const { name, place } of parameters) {
    const by = seen.has(name)
      ? 'a parameter of this block'
      : isOpKind(name)
        ? 'an op'
        : reservedNames.includes(name) || ownKeys.has(name)
          ? "the language's own word"
          : undefined;
    if (by) report(diagnose(nameTaken, { name, by }, { place }));
    seen.add(name);
  }
}

const ownKeys = new Set(['block', 'name', 'from', 'repeat', 'for', 'when']);

interface Caller {
  readonly place: Place;
  readonly scope: Scope;
  readonly input: Tensor;
}

/** Binds the parameters of `block` in `scope`: what the call says, else the loop variable of that name, else the default. */
export function bindArguments(
  call: Call,
  block: Block,
  scope: Scope,
  caller: Caller,
  file: FileContext,
  report: Report,
): void {
  const given = Object.keys(call).filter((key) => !ownKeys.has(key) && !key.startsWith('x-'));
  const known = block.parameters.map((p) => p.name);
  for (const key of given) {
    if (known.includes(key)) continue;
    report(
      diagnose(
        unknownArgument,
        { argument: key, block: block.name },
        {
          place: file.places.key(call, key) ?? caller.place,
          related: block.place
            ? [{ place: block.place, message: 'the block is defined here' }]
            : [],
          hint:
            didYouMean(key, known) ??
            (known.length > 0 ? `its parameters are ${known.join(', ')}` : 'it has no parameters'),
        },
      ),
    );
  }
  const around = {
    scope: caller.scope,
    place: caller.place,
    channels: caller.input.shape?.channels,
    entryChannels: caller.scope.entry?.shape?.channels,
  };
  const isBlock = (word: string) => file.blocks.has(word);
  for (const parameter of block.parameters) {
    scope.bind(
      parameter.name,
      bindParameter(parameter, call, block, scope, around, isBlock, file, report),
    );
  }
}

function bindParameter(
  parameter: Parameter,
  call: Call,
  block: Block,
  scope: Scope,
  around: Surroundings,
  isBlock: (word: string) => boolean,
  file: FileContext,
  report: Report,
): Binding {
  const { name, fallback } = parameter;
  if (Object.hasOwn(call, name)) {
    const place = file.places.at(call, name);
    return argumentBinding(call[name], { ...around, place }, isBlock, report);
  }
  const looped = around.scope.own(name);
  if (looped && call.for) return looped;
  if (fallback) {
    // A default may use the parameters before it.
    const place = file.places.at(fallback.holder, name);
    return argumentBinding(fallback.value, { ...around, scope, place }, isBlock, report);
  }
  report(
    diagnose(
      missingArgument,
      { argument: name, block: block.name },
      {
        place: around.place,
        related: parameter.place
          ? [{ place: parameter.place, message: 'the parameter is declared here' }]
          : [],
        hint: `give it in the call: { block: ${block.name}, ${name}: ... }`,
      },
    ),
  );
  return { kind: 'unknown' };
}

/** What a value passed to a parameter or loop variable means. */
export function argumentBinding(
  value: unknown,
  around: Surroundings,
  isBlock: ((word: string) => boolean) | undefined,
  report: Report,
): Binding {
  if (typeof value === 'number') {
    return { kind: 'integer', value, sources: around.place ? [around.place] : [] };
  }
  if (Array.isArray(value)) return { kind: 'layers', layers: value as Layers, scope: around.scope };
  const word = value as string;
  const bound = around.scope.find(word);
  if (bound && bound.kind !== 'integer' && bound.kind !== 'list') return bound;
  if (!bound && (isOpKind(word) || isBlock?.(word)))
    return { kind: 'word', word, scope: around.scope };
  const result = evaluateText(word, around, report);
  if (!result) return { kind: 'unknown' };
  const sources = around.place ? [around.place, ...result.sources] : result.sources;
  return { kind: 'integer', value: result.value, sources };
}
