/** The forms of diagnostics: for people, for scripts, for GitHub's annotations and for code scanners. */

import { catalogue } from './catalogue.ts';
import type { Diagnostic, Place } from './diagnostic.ts';
import { type FrameOptions, frame } from './frame.ts';

/** More than these help nobody at once. */
export const mostShown = 20;

/** Code frames, then how many there are. Empty for no diagnostics. */
export function humanForm(diagnostics: readonly Diagnostic[], options: FrameOptions): string {
  if (diagnostics.length === 0) return '';
  const shown = diagnostics.slice(0, mostShown).map((d) => `${frame(d, options)}\n`);
  return `${shown.join('')}${summary(diagnostics, options.style.bold)}\n`;
}

function summary(diagnostics: readonly Diagnostic[], bold: (text: string) => string): string {
  const count = (severity: string, word: string) => {
    const n = diagnostics.filter((d) => d.severity === severity).length;
    return n === 0 ? [] : [`${n} ${word}${n === 1 ? '' : 's'}`];
  };
  const total = [...count('error', 'error'), ...count('warning', 'warning')].join(', ');
  const hidden = diagnostics.length - mostShown;
  const more = hidden > 0 ? ` (${mostShown} shown and ${hidden} more)` : '';
  const first = diagnostics.find((d) => d.severity === 'error') ?? diagnostics[0];
  const code = first?.code ?? '';
  return `${bold(total)}${more}; netlathe explain ${code} tells more`;
}

export interface DiagnosticJson extends Diagnostic {
  readonly docs: string;
}

export function jsonForm(diagnostics: readonly Diagnostic[]): readonly DiagnosticJson[] {
  return diagnostics.map((d) => ({ ...d, docs: `docs/errors.md#${d.code.toLowerCase()}` }));
}

/** Workflow commands; a value must not end its line or its part of it. */
export function githubForm(diagnostics: readonly Diagnostic[]): string {
  const data = (text: string) =>
    text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
  const property = (text: string) => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
  return diagnostics
    .map(({ code, severity, message, place, related, hint }) => {
      const at = place
        ? [
            `file=${property(place.file)}`,
            `line=${place.range.start.line}`,
            `col=${place.range.start.col}`,
            `endLine=${place.range.end.line}`,
            `endColumn=${place.range.end.col}`,
          ]
        : [];
      const others = related.map(
        (r) => `${r.place.file}:${r.place.range.start.line}: ${r.message}`,
      );
      const text = [message, ...others, ...(hint ? [`help: ${hint}`] : [])].join('\n');
      return `::${severity} ${[...at, `title=${property(code)}`].join(',')}::${data(text)}\n`;
    })
    .join('');
}

/** SARIF 2.1.0. */
export function sarifForm(diagnostics: readonly Diagnostic[], version: string): object {
  const used = new Set(diagnostics.map((d) => d.code));
  const rules = catalogue.filter((f) => used.has(f.code));
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'netlathe',
            semanticVersion: version,
            rules: rules.map((rule) => ({
              id: rule.code,
              shortDescription: { text: rule.title },
              fullDescription: { text: rule.title },
              help: { text: rule.explanation, markdown: rule.explanation },
              defaultConfiguration: { level: rule.severity },
            })),
          },
        },
        columnKind: 'utf16CodeUnits',
        results: diagnostics.map((d) => {
          const ruleIndex = rules.findIndex((r) => r.code === d.code);
          return {
            ruleId: d.code,
            ...(ruleIndex >= 0 ? { ruleIndex } : {}),
            level: d.severity,
            message: { text: d.hint ? `${d.message}\nhelp: ${d.hint}` : d.message },
            locations: d.place ? [{ physicalLocation: physical(d.place) }] : [],
            relatedLocations: d.related.map((r, id) => ({
              id,
              physicalLocation: physical(r.place),
              message: { text: r.message },
            })),
          };
        }),
      },
    ],
  };
}

function physical({ file, range }: Place): object {
  const uri = file.replaceAll('\\', '/').split('/').map(encodeURIComponent).join('/');
  return {
    artifactLocation: { uri },
    region: {
      startLine: range.start.line,
      startColumn: range.start.col,
      endLine: range.end.line,
      endColumn: range.end.col,
    },
  };
}
