/** Bodies that differ in numbers alone are one class; the numbers that differ are its parameters. */

import type { Body, Member, Slot } from './body.ts';
import { className, unique } from './identifiers.ts';

export interface PythonClass {
  readonly name: string;
  readonly parameters: readonly string[];
  /** Lines of `__init__` behind super's, without indentation. */
  readonly init: readonly string[];
  readonly inputs: readonly string[];
  readonly lines: readonly string[];
}

/** Columns are the slots of all bodies of a class; a parameter stands for those that vary alike. */
interface Resolved {
  readonly name: string;
  readonly parameters: readonly string[];
  /** The parameters' values for a body. */
  readonly valuesOf: (body: Body) => readonly Slot[];
}

/** Names that the emitted module uses. */
const reserved = ['Network', 'Path', 'F', 'nn', 'torch'] as const;

/** Classes that others use come first; the network is the last. */
export function classesOf(network: Body): readonly PythonClass[] {
  const grouped = new Map<string, Body[]>();
  const collect = (body: Body): void => {
    for (const member of body.members) if (member.kind === 'part') collect(member.body);
    if (body === network) return;
    const key = skeleton(body);
    grouped.set(key, [...(grouped.get(key) ?? []), body]);
  };
  collect(network);
  const resolved = new Map<string, Resolved>();
  const used = new Set<string>(reserved);
  const classes: PythonClass[] = [];
  // A part is collected before what holds it, so that its parameters are known there.
  for (const [key, bodies] of grouped) {
    const name = unique(className((bodies[0] as Body).segment), used, '');
    used.add(name);
    const made = resolve(name, bodies, resolved);
    resolved.set(key, made.resolved);
    classes.push(made.python);
  }
  const root = resolve('Network', [network], resolved);
  return [...classes, root.python];
}

/** Everything but the values of slots. */
function skeleton(body: Body): string {
  const members = body.members.map((member) => [
    member.path,
    member.kind === 'layer' ? member.type : skeleton(member.body),
  ]);
  // Loops number their parts; the number does not make another class.
  return JSON.stringify([className(body.segment), members, body.inputs, body.lines]);
}

function resolve(name: string, bodies: readonly Body[], known: ReadonlyMap<string, Resolved>) {
  const rows = bodies.map((body) => slotsOf(body, known));
  const columns = (rows[0] as readonly Slot[]).map((slot, i) => ({
    slot,
    key: rows.map((row) => (row[i] as Slot).value).join('|'),
    varies: rows.some((row) => (row[i] as Slot).value !== slot.value),
  }));
  const parameters = new Map<string, string>();
  const codes = columns.map(({ slot, key, varies }) => {
    if (!varies) return slot.value;
    const kind = `${isWidth(slot) ? 'width' : slot.hint} ${key}`;
    const parameter = parameters.get(kind) ?? unique(slot.hint, new Set(parameters.values()));
    parameters.set(kind, parameter);
    return parameter;
  });
  const names = [...parameters.values()];
  const valuesOf = (body: Body): readonly Slot[] => {
    const row = slotsOf(body, known);
    return names.map((parameter) => ({
      hint: parameter,
      value: (row[codes.indexOf(parameter)] as Slot).value,
    }));
  };
  const [first] = bodies as readonly [Body];
  const python: PythonClass = {
    name,
    parameters: names,
    init: initLines(first, codes, known),
    inputs: first.inputs,
    lines: first.lines,
  };
  return { python, resolved: { name, parameters: names, valuesOf } };
}

/** Channels in and out are one number where they are the same in every part. */
function isWidth({ hint }: Slot): boolean {
  return ['inputs', 'filters', 'groups', 'units'].includes(hint.replace(/_\d+$/, ''));
}

function slotsOf(body: Body, known: ReadonlyMap<string, Resolved>): readonly Slot[] {
  return body.members.flatMap((member) => memberSlots(member, known));
}

function memberSlots(member: Member, known: ReadonlyMap<string, Resolved>): readonly Slot[] {
  return member.kind === 'layer'
    ? member.slots
    : resolvedOf(member.body, known).valuesOf(member.body);
}

function resolvedOf(body: Body, known: ReadonlyMap<string, Resolved>): Resolved {
  const found = known.get(skeleton(body));
  if (!found) throw new Error(`netlathe bug: ${body.segment} has no class`);
  return found;
}

function initLines(
  body: Body,
  codes: readonly string[],
  known: ReadonlyMap<string, Resolved>,
): readonly string[] {
  const lines: string[] = [];
  const namespaces = new Set<string>();
  let at = 0;
  for (const member of body.members) {
    for (let depth = 1; depth < member.path.length; depth++) {
      const namespace = member.path.slice(0, depth).join('.');
      if (namespaces.has(namespace)) continue;
      namespaces.add(namespace);
      lines.push(`self.${namespace} = nn.Module()`);
    }
    const slots = memberSlots(member, known);
    const values = codes.slice(at, at + slots.length);
    at += slots.length;
    const type = member.kind === 'layer' ? member.type : resolvedOf(member.body, known).name;
    const named = member.kind === 'part';
    lines.push(`self.${member.path.join('.')} = ${type}(${callOf(slots, values, named)})`);
  }
  return lines;
}

function callOf(slots: readonly Slot[], values: readonly string[], named: boolean): string {
  return slots
    .flatMap((slot, i) => {
      const value = values[i] as string;
      if (value === slot.default) return [];
      return [named || slot.default !== undefined ? `${slot.hint}=${value}` : value];
    })
    .join(', ');
}
