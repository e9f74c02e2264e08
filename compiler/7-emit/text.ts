/**
 * The only ways by which a value enters generated code. Text becomes a JSON string that holds nothing which ends a
 * string, a comment or a script element; there is no way for it to become an identifier.
 */

/** JSON that may stand in JavaScript, TypeScript, a block comment and an inline script. */
export function codeOf(value: unknown): string {
  const json = JSON.stringify(value);
  if (json === undefined) throw new Error('netlathe bug: a value that JSON does not know');
  // Outside of strings JSON has none of these characters, so that each escape falls into a string: what ends a line or a
  // script, what cannot be seen, and what turns the direction of writing. JSON.stringify escapes lone surrogates itself.
  return json
    .replace(/[<>\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g, escaped)
    .replaceAll('*/', '*\\u002f')
    .replaceAll('/*', '\\u002f*');
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Text as a person reads it: one line of it, with nothing that hides or turns the direction of what follows. */
export function shownOf(text: string, most = 80): string {
  const plain = text
    .replace(/\p{Cs}/gu, '\ufffd')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .replace(/[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffe\uffff]/g, '')
    .trim();
  const characters = [...plain];
  const shown = characters.length > most ? `${characters.slice(0, most - 1).join('')}…` : plain;
  return shown === '' ? 'Classifier' : shown;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** For the text and the quoted attributes of HTML and XML. */
export function entityOf(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] as string);
}

export function htmlOf(text: string): string {
  return entityOf(shownOf(text));
}

/** A union of literal types. */
export function unionOf(values: readonly string[]): string {
  return values.map((value) => `\n  | ${codeOf(value)}`).join('');
}

/** Lines of a block comment. Each is text of ours; what comes from a user has passed `codeOf`. */
export function comment(lines: readonly string[]): string {
  const text = lines.map((line) => ` * ${line}`.trimEnd()).join('\n');
  if (text.includes('*/')) throw new Error('netlathe bug: a comment that ends itself');
  return `/*!\n${text}\n */`;
}
