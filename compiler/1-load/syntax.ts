/** What the YAML parser complains about, in the words of this language and at the place where the mistake is. */

import { Lexer, type YAMLParseError, type YAMLWarning } from 'yaml';
import { aliasTrouble, yamlSyntax } from '../diagnostics/codes/load.ts';
import { type Diagnostic, diagnose, type Place } from '../diagnostics/diagnostic.ts';
import { orList } from '../diagnostics/suggest.ts';
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
  const layout = open ? undefined : tellLayout(error.code, text, start, lines);
  return layout ?? { text: lower(said), place };
}

interface Line {
  /** Where its first character that is no blank stands. */
  readonly at: number;
  readonly end: number;
  readonly indent: number;
}

/** Mistakes in the layout, for which the parser's words are those of its grammar. */
function tellLayout(code: string, text: string, start: number, lines: Lines): Told | undefined {
  if (!/^(BAD_INDENT|BLOCK_AS_IMPLICIT_KEY|MULTILINE_IMPLICIT_KEY|MISSING_CHAR)$/.test(code)) {
    return undefined;
  }
  const line = lineAt(text, start);
  const said = text.slice(line.at, line.end);
  const glued = /^([\w-]*\w:|-)(?=[^\s:-])([^#]*)/.exec(said);
  if (glued) {
    const [, mark = '', rest = ''] = glued;
    return {
      text: `a space is missing after the ${mark === '-' ? 'dash' : 'colon'}`,
      place: lines.place(line.at, line.at + mark.length),
      hint: `write ${mark} ${rest.trim().slice(0, 40)}`,
    };
  }
  const next = lineAfter(text, line);
  if (/IMPLICIT_KEY$/.test(code) && next && next.indent > line.indent) {
    return {
      text: 'this line is indented below a line that has its value already',
      place: lines.place(next.at, next.end),
      hint: asLayer(said, text.slice(next.at, next.end)) ?? columnsAbove(text, next),
    };
  }
  if (code === 'BAD_INDENT' || code === 'BLOCK_AS_IMPLICIT_KEY') {
    return {
      text: 'this line does not line up with those above it',
      place: lines.place(line.at, line.end),
      hint: columnsAbove(text, line),
    };
  }
  if (said.includes(':')) return undefined;
  return {
    text: 'a key with its value is expected here',
    place: lines.place(line.at, line.end),
    hint: 'a key ends with a colon and a space: classes: 10',
  };
}

/** `- relu` with a key below it: the word must become the value of `op`. */
function asLayer(said: string, below: string): string | undefined {
  const word = /^- (\w{1,40})$/.exec(said)?.[1];
  if (!word || !/^\w+: [^{["']{1,40}$/.test(below)) return undefined;
  return `a layer with keys is written - { op: ${word}, ${below} }`;
}

function lineAt(text: string, offset: number): Line {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const stop = text.indexOf('\n', offset);
  const whole = text.slice(start, stop < 0 ? text.length : stop);
  const indent = whole.length - whole.trimStart().length;
  return { at: start + indent, end: start + whole.trimEnd().length, indent };
}

function isEmpty(text: string, { at, end }: Line): boolean {
  return at >= end || text[at] === '#';
}

function lineAfter(text: string, line: Line): Line | undefined {
  for (let at = text.indexOf('\n', line.end); at >= 0; at = text.indexOf('\n', at + 1)) {
    const next = lineAt(text, at + 1);
    if (!isEmpty(text, next)) return next;
  }
  return undefined;
}

/** Where the lines start that this one may continue: the last one, and each above it that is indented less. */
function columnsAbove(text: string, line: Line): string | undefined {
  const columns: number[] = [];
  let at = text.lastIndexOf('\n', line.at - 1);
  while (at >= 0 && columns.length < 4 && columns.at(-1) !== 1) {
    const above = lineAt(text, at);
    if (!isEmpty(text, above) && above.indent + 1 < (columns.at(-1) ?? Infinity)) {
      columns.push(above.indent + 1);
    }
    at = at === 0 ? -1 : text.lastIndexOf('\n', at - 1);
  }
  if (columns.length === 0) return undefined;
  return `it starts in column ${line.indent + 1}; the lines above it start in ${orList(columns)}`;
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
