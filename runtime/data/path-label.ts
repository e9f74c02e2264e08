/** What a path below a split says its class is. */

/** Stands for the data root itself where a folder is named. */
export const ROOT = '.';

export interface LabelledPath {
  readonly path: string;
  readonly label: string;
}

export interface LabelledSplit {
  readonly folder: string | null;
  readonly images: readonly LabelledPath[];
  readonly unlabelled: readonly string[];
}

export function labelled(folder: string | null, images: readonly string[]): LabelledSplit {
  if (folder === null) return { folder, images: [], unlabelled: [] };
  const prefix = folder === ROOT ? '' : `${folder}/`;
  const inside = images.filter((path) => path.startsWith(prefix));
  const below = (path: string): string => path.slice(prefix.length);
  // Folders of classes win: a stray image beside them belongs to none of them.
  const byFolder = inside.some((path) => below(path).includes('/'));
  const found: LabelledPath[] = [];
  const unlabelled: string[] = [];
  for (const path of inside) {
    const label = byFolder ? folderLabel(below(path)) : flatLabel(below(path));
    if (label === null) unlabelled.push(path);
    // macOS writes accents as two characters; the same class must compare equal.
    else found.push({ path, label: label.normalize('NFC') });
  }
  return { folder, images: found, unlabelled };
}

function folderLabel(path: string): string | null {
  const cut = path.indexOf('/');
  return cut < 0 ? null : path.slice(0, cut);
}

export function flatLabel(path: string): string | null {
  return /^([^/]+)_\d+\.[^./]+$/.exec(path)?.[1] ?? null;
}
