export { type Beats, type Language, languages, type Words } from './words.ts';

import type { Text } from '../../../compiler/suite/plan.ts';
import { en } from './en.ts';
import type { Language, Words } from './words.ts';
import { zh } from './zh.ts';

export const words: Readonly<Record<Language, Words>> = { en, zh };

/** A text of the suite in this language, or in the other where it has only that. */
export function textIn(text: Text, language: Language): string {
  if (typeof text === 'string') return text;
  return text[language] ?? text.en ?? text.zh ?? '';
}
