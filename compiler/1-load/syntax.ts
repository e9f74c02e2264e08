/** What the YAML parser complains about, in the words of this language and at the place where the mistake is. */

import { Lexer, type YAMLParseError, type YAMLWarning } from 'yaml';
import { aliasTrouble, yamlSyntax } from '../diagnostics/codes/load.ts';
import { type Diagnostic, diagnose, type Place } from '../diagnostics/diagnostic.ts';
import type { Lines } from './lines.ts';

interface Told {
  readonly text: string;
  readonly place: Place;
  readonly hint?: string | undefined;
}

/** The first complaint alone: what follows a slip of syntax is the parser finding its way again. */
export function explainSyntax(
  error: YAMLParseError | YAMLWarning,
  text: string,
  lines: Lines,
): Diagnostic {
  const { text: message, place, hint } = tell(error, text, lines);
  const kind = error.code === 'BAD_ALIAS' ? aliasTrouble : yamlSyntax;
  return diagnose(kind, { text: message }, { place, hint });
}

function tell(error: YAMLParseError | YAMLWarning, text: string, lines: Lines): Told {
  const [start, end] = error.pos;
  const place = lines.place(start, end);
  const said = (error.message.split('\n')[0] as string).replace(/\.$/, '');
  switch (error.code) {
    case 'TAB_AS_INDENT':
      return { text: 'tabs cannot indent YAML: use spaces', place };
    case 'MULTIPLE_DOCS':
      return { text: 'a file holds one document: remove the --- between them', place };
    case 'TAG_RESOLVE_FAILED':
      return { text: `${text.slice(start, end)}: tags have no meaning here`, place };
    case 'BAD_ALIAS':
      return {
        text: said,
        place,
        hint: 'text that begins with * or & needs quotes',
      };
  }
  const index = unquotedIndex(text, start);
  if (index) {
    return {
      text: 'a [ inside braces starts a list',
      place: lines.place(index.start, index.end),
      hint: `put the expression in quotes: "${text.slice(index.start, index.end)}"`,
    };
  }
  const open = leftOpen(text, start);
  const line = text.slice(text.lastIndexOf('\n', start - 1) + 1, start);
  if (open && /^ *\t/.test(line)) return { text: 'tabs cannot indent YAML: use spaces', place };
  if (open && /quote|end with a|closing/.test(said)) {
    return { text: `this ${open.what} is never closed`, place: lines.place(open.at, open.at + 1) };
  }
  if (/Plain value cannot start/.test(said)) {
    return { text: lower(said), place, hint: 'put the text in quotes' };
  }
  if (/Block collections are not allowed within flow/.test(said)) {
    return { text: 'inside braces and brackets a comma must stand between entries', place };
  }
  return { text: lower(said), place };
}

function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** `{ filters: bandwidth[0] }`: the whole of the expression around the bracket at `at`. */
function unquotedIndex(text: string, at: number) {
  if (text[at] !== '[' && text[at] !== ']') return undefined;
  const before = /[A-Za-z_][\w.]*$/.exec(text.slice(Math.max(0, at - 64), at))?.[0];
  const after = /^\[[^\]\n,{}]*\]/.exec(text.slice(at, at + 200))?.[0];
  return before && after ? { start: at - before.length, end: at + after.length } : undefined;
}

/** The innermost bracket or quote that is still open at `limit`. */
function leftOpen(text: string, limit: number) {
  const open: { readonly what: string; readonly at: number }[] = [];
  let offset = 0;
  for (const token of new Lexer().lex(text)) {
    // Control characters that the lexer adds stand for nothing in the text.
    if (token === '\u0002' || token === '\u0018' || token === '\u001f') continue;
    if (offset >= limit) break;
    const quote = token[0];
    if (token === '[' || token === '{') open.push({ what: token, at: offset });
    else if (token === ']' || token === '}') open.pop();
    else if ((quote === '"' || quote === "'") && (token.length < 2 || !token.endsWith(quote))) {
      return { what: 'quote', at: offset };
    }
    offset += token.length;
  }
  return open.at(-1);
}
