/** What an app is called, where only some characters may stand. */

import { createHash } from 'node:crypto';
import { shownOf } from '../text.ts';

/** Words of Java, which Gradle refuses in the names of packages. */
const reserved = new Set(
  `abstract assert boolean break byte case catch char class const continue default do double else enum extends false
  final finally float for goto if implements import instanceof int interface long native new null package private
  protected public return short static strictfp super switch synchronized this throw throws transient true try void
  volatile while`.split(/\s+/),
);

const longest = 40;

/** Lower-case letters, digits and hyphens: for the name of a file. Never empty. */
export function slugOf(name: string): string {
  const latin = shownOf(name)
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9]+/g, '-');
  return latin.slice(0, longest).replace(/^-+|-+$/g, '') || 'classifier';
}

/**
 * By this name the phone knows the app: the same network is the same app, which a new version replaces. Where letters
 * were lost, a piece of a hash keeps two networks apart.
 */
export function appIdOf(name: string): string {
  const slug = slugOf(name);
  const word = slug.replaceAll('-', '_');
  const isLetter = /^[a-z]/.test(word);
  const plain = isLetter && !reserved.has(word) ? word : `n_${word}`;
  if (slug === name) return `app.netlathe.${plain}`;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 6);
  return `app.netlathe.${plain}_${hash}`;
}

/** Why a name cannot be that of an Android app; nothing where it can. */
export function faultOfAppId(id: string): string | undefined {
  const parts = id.split('.');
  if (parts.length < 2) return 'it has two parts at least, as in org.example.classifier';
  const wrong = parts.find((part) => !/^[A-Za-z][A-Za-z0-9_]*$/.test(part));
  if (wrong !== undefined) {
    return `each part is a letter and then letters, digits and _, which ${JSON.stringify(wrong)} is not`;
  }
  const word = parts.find((part) => reserved.has(part));
  if (word !== undefined) return `"${word}" is a word of Java`;
  return id.length > 200 ? 'it is too long' : undefined;
}
