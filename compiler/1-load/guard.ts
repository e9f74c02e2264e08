/**
 * What is checked before the YAML parser sees a byte. The parser recurses with the nesting and compares keys pairwise,
 * so depth and size are bounded here, with its own (flat, linear) lexer: what counts as a bracket cannot differ.
 */

import { Lexer } from 'yaml';
import { fileTooLarge, tooDeep, unsupportedYaml } from '../diagnostics/codes/load.ts';
import { type Diagnostic, diagnose, type Place } from '../diagnostics/diagnostic.ts';
import type { Lines } from './lines.ts';

export const limits = {
  bytes: 256 * 1024,
  flowDepth: 32,
  blockDepth: 64,
  tokens: 120_000,
  nodes: 20_000,
  depth: 48,
} as const;

export function guard(text: string, lines: Lines): Diagnostic | undefined {
  const bytes = Buffer.byteLength(text);
  if (bytes > limits.bytes) {
    return diagnose(fileTooLarge, { bytes, limit: limits.bytes }, { place: lines.place(0, 0) });
  }
  return guardBlocks(text, lines) ?? guardTokens(text, lines);
}

/** Columns at which a line opens something: its indentation, and each compact `- ` or `? ` behind it. */
function guardBlocks(text: string, lines: Lines): Diagnostic | undefined {
  const open: number[] = [];
  let start = 0;
  for (const line of text.split('\n')) {
    const indicators = /^ *(?:[-?][ \t]+)*/.exec(line)?.[0] ?? '';
    if (indicators.length < line.length) {
      const indent = indicators.length - indicators.trimStart().length;
      while (open.length > 0 && (open.at(-1) as number) >= indent) open.pop();
      open.push(indent);
      for (let i = indent; i < indicators.length; i++) {
        if (indicators[i] === '-' || indicators[i] === '?') open.push(i + 1);
      }
      if (open.length > limits.blockDepth) {
        return deep(
          'lists and maps',
          limits.blockDepth,
          lines.place(start, start + indicators.length),
        );
      }
    }
    start += line.length + 1;
  }
  return undefined;
}

function guardTokens(text: string, lines: Lines): Diagnostic | undefined {
  let depth = 0;
  let chain = 0;
  let offset = 0;
  let count = 0;
  for (const token of new Lexer().lex(text)) {
    count++;
    if (token === '[' || token === '{') depth++;
    else if (token === ']' || token === '}') depth = Math.max(0, depth - 1);
    if (depth > limits.flowDepth) {
      return deep('brackets', limits.flowDepth, lines.place(offset, offset + 1));
    }
    // `a: a: a: ...` and `- - - ...` nest without an indent of their own.
    if (token === ':' || token === '?' || token === '-') chain++;
    else if (/^[[\]{},\r\n]/.test(token)) chain = 0;
    if (chain > limits.flowDepth) {
      return deep('keys on one line', limits.flowDepth, lines.place(offset, offset + 1));
    }
    if (count > limits.tokens) {
      return diagnose(
        unsupportedYaml,
        { text: `the document has more than ${limits.tokens} parts` },
        { place: lines.place(offset, offset) },
      );
    }
    // The lexer marks documents and scalars with single control characters that are not in the text.
    if (token !== '\u0002' && token !== '\u0018' && token !== '\u001f') offset += token.length;
  }
  return undefined;
}

function deep(what: string, limit: number, place: Place): Diagnostic {
  return diagnose(
    tooDeep,
    { what, limit },
    { place, hint: 'name the inner part as a block under blocks:' },
  );
}
