/** Which classes there are, in which order, and whether everyone agrees. A label never moves to make ends meet. */
import { didYouMean } from '../../compiler/diagnostics/suggest.ts';
import { ClassMismatchError, plural } from './data-error.ts';
import { type DataWarning, dataWarning } from './data-warning.ts';
import type { Layout } from './layout.ts';
import { byText } from './source.ts';

export interface ClassTable {
  /** What the model calls them; the place in the list is the label. */
  readonly names: readonly string[];
  /** From the label in a path to its place in `names`. */
  readonly indexOf: ReadonlyMap<string, number>;
  readonly warnings: readonly DataWarning[];
}

/** `declared`: the class names of the architecture in its order, or only how many there are. */
export function agreeOnClasses(
  root: string,
  layout: Layout,
  declared?: readonly string[] | number,
): ClassTable {
  const train = labelsOf(layout.train);
  const validation = labelsOf(layout.validation);
  if (layout.validationFolder !== null) {
    const trained = layout.trainFolders.join('" + "');
    assertNoneMissing(root, validation, train, trained, layout.validationFolder);
    assertNoneMissing(root, train, validation, layout.validationFolder, trained);
  }
  const found = inOrder(train);
  if (found.length < 2) throw oneClass(root, found);
  if (declared === undefined) return table(found, found);
  if (typeof declared === 'number') return countedTable(root, found, declared);
  return declaredTable(root, found, declared);
}

function labelsOf(images: Layout['train']): ReadonlySet<string> {
  return new Set(images.map(({ label }) => label));
}

/** By name; numbers by value, so that 10 comes after 9. */
function inOrder(labels: ReadonlySet<string>): string[] {
  const names = [...labels];
  return names.every(isNumeric)
    ? names.sort((a, b) => Number(a) - Number(b) || byText(a, b))
    : names.sort(byText);
}

function isNumeric(label: string): boolean {
  return /^\d{1,9}$/.test(label);
}

function assertNoneMissing(
  root: string,
  having: ReadonlySet<string>,
  lacking: ReadonlySet<string>,
  lackingName: string,
  havingName: string,
): void {
  const missing = inOrder(having).filter((label) => !lacking.has(label));
  const [first] = missing;
  if (first === undefined) return;
  throw new ClassMismatchError({
    message: `${count(missing)} of "${havingName}" missing in "${lackingName}": ${list(missing)}`,
    path: root,
    notes: [
      `"${havingName}" has ${plural(having.size, 'class')}, "${lackingName}" ${lacking.size}`,
    ],
    hint: didYouMean(first, lacking) ?? `add images of "${first}", or remove the class everywhere`,
  });
}

function oneClass(root: string, found: readonly string[]): ClassMismatchError {
  return new ClassMismatchError({
    message: `there is only one class, ${list(found)}: nothing to tell apart`,
    path: root,
    hint: 'put the images of each class into a folder of its name, side by side',
  });
}

function countedTable(root: string, found: readonly string[], count: number): ClassTable {
  if (found.length === count) return table(found, found);
  throw new ClassMismatchError({
    message: `the data has ${plural(found.length, 'class')}, the architecture ${count}`,
    path: root,
    notes: [list(found)],
    hint: `set "classes: ${found.length}" in the architecture, or give data of ${plural(count, 'class')}`,
  });
}

function declaredTable(
  root: string,
  found: readonly string[],
  declared: readonly string[],
): ClassTable {
  const names = declared.map((name) => name.normalize('NFC'));
  // Numbers in the data are places in a declared list of words: 0_12.jpg is the first class.
  if (found.every(isNumeric) && !names.every(isNumeric)) {
    const places = names.map((_, place) => String(place));
    assertSame(root, found, places);
    return table(places, names);
  }
  assertSame(root, found, names);
  return table(names, names);
}

function assertSame(root: string, found: readonly string[], declared: readonly string[]): void {
  const unknown = found.filter((label) => !declared.includes(label));
  const missing = declared.filter((label) => !found.includes(label));
  if (unknown.length === 0 && missing.length === 0) return;
  const [first] = unknown;
  const parts = [
    ...(unknown.length === 0
      ? []
      : [`${count(unknown)} in the data unknown to the architecture: ${list(unknown)}`]),
    ...(missing.length === 0
      ? []
      : [`${count(missing)} of the architecture missing in the data: ${list(missing)}`]),
  ];
  throw new ClassMismatchError({
    message: parts.join('; '),
    path: root,
    notes: [`declared: ${list(declared)}`, `found: ${list(found)}`],
    hint: classHint(first, missing, declared.length),
  });
}

function classHint(unknown: string | undefined, missing: readonly string[], count: number): string {
  // The nearest number is no likelier than another.
  if (unknown !== undefined && isNumeric(unknown)) {
    return `the labels of ${plural(count, 'class')} are 0 to ${count - 1}`;
  }
  const near = unknown === undefined ? undefined : didYouMean(unknown, missing);
  return near ?? 'the class folders and the classes of the architecture must have the same names';
}

function table(labels: readonly string[], names: readonly string[]): ClassTable {
  const indexOf = new Map(labels.map((label, index) => [label, index]));
  return { names, indexOf, warnings: gapWarning(labels) };
}

/** 0, 1, 3: the data may lack a class; each name keeps its images, but the place in the list is not the number. */
function gapWarning(labels: readonly string[]): readonly DataWarning[] {
  if (!labels.every(isNumeric)) return [];
  const start = Number(labels[0]);
  const gap = labels.find((label, i) => Number(label) !== start + i);
  if (gap === undefined) return [];
  const message = `the numeric labels have a gap before "${gap}": ${list(labels)}`;
  return [dataWarning('W505', message, [], 'is a class missing from the data?')];
}

function count(labels: readonly string[]): string {
  return plural(labels.length, 'class');
}

function list(labels: readonly string[]): string {
  const shown = labels.slice(0, 12).map((label) => `"${label}"`);
  const more = labels.length - shown.length;
  return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ');
}
