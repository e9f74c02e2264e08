/** HTML as a type of its own: text becomes HTML only by being escaped, so that no name can break out of its place. */

/** A finished fragment. Handlebars asks for `toHTML` and escapes whatever does not have it. */
export class Html {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toHTML(): string {
    return this.#text;
  }
}

export type Renderable = string | number | Html | null | undefined | readonly Renderable[];

/** A template whose values are escaped unless they are Html. Attribute values must stand in double quotes. */
export function html(parts: TemplateStringsArray, ...values: readonly Renderable[]): Html {
  return new Html(
    parts.reduce((text, part, i) => text + part + (i < values.length ? render(values[i]) : ''), ''),
  );
}

/** For markup that netlathe itself made; never for anything a user wrote. */
export const trusted = (text: string): Html => new Html(text);

/** A name of the user's, kept from changing the direction of the text around it. */
export const name = (text: string): Html => html`<bdi>${text}</bdi>`;

function render(value: Renderable): string {
  if (value === undefined || value === null) return '';
  if (value instanceof Html) return value.toHTML();
  if (typeof value === 'string') return escapeHtml(value);
  if (typeof value === 'number') return String(value);
  return value.map(render).join('');
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

export function escapeHtml(text: string): string {
  return wellFormed(text).replace(/[&<>"'`]/g, (character) => entities[character] as string);
}

/** What HTML or UTF-8 cannot carry becomes the replacement character. */
function wellFormed(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach the page
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffe\uffff]/g, '\ufffd')
      .replace(/[\ud800-\udfff]/gu, '\ufffd')
  );
}
