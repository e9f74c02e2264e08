/** A diagnostic is data before it is text: reporters turn the same record into a code frame, JSON, SARIF, ... */

/** A point in a text: line and column count from 1, offset from 0 (UTF-16 units). */
export interface Position {
  readonly line: number;
  readonly col: number;
  readonly offset: number;
}

export interface Range {
  readonly start: Position;
  readonly end: Position;
}

/** A stretch of a user's file. */
export interface Place {
  readonly file: string;
  readonly range: Range;
}

export interface Related {
  readonly place: Place;
  readonly message: string;
}

export type Severity = 'error' | 'warning';

export interface Diagnostic {
  readonly code: string;
  readonly severity: Severity;
  readonly message: string;
  /** Absent only where there is no text to point at, such as a file that cannot be read. */
  readonly place?: Place;
  readonly related: readonly Related[];
  readonly hint?: string;
}

export interface Whereabouts {
  readonly place?: Place | undefined;
  readonly related?: readonly Related[];
  readonly hint?: string | undefined;
}

/** What can go wrong, in one place: its code, its message and the long text of `netlathe explain`. */
export interface Fault<A> {
  readonly code: string;
  readonly severity: Severity;
  readonly title: string;
  /** Markdown: why this is an error and how to mend it, with an example. */
  readonly explanation: string;
  readonly message: (args: A) => string;
}

export function fault<A = Record<string, never>>(
  code: string,
  text: {
    readonly title: string;
    readonly message: (args: A) => string;
    readonly explanation: string;
  },
): Fault<A> {
  return { code, severity: severityOf(code), ...text };
}

/** A code begins with the letter of its severity. */
export function severityOf(code: string): Severity {
  return code.startsWith('W') ? 'warning' : 'error';
}

export function diagnose<A>(kind: Fault<A>, args: A, where: Whereabouts = {}): Diagnostic {
  return {
    code: kind.code,
    severity: kind.severity,
    message: kind.message(args),
    ...(where.place ? { place: where.place } : {}),
    related: where.related ?? [],
    ...(where.hint ? { hint: where.hint } : {}),
  };
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((d) => d.severity === 'error');
}

/** A fault inside a block is found at each call, but it is one mistake. */
export function withoutRepeats(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const seen = new Set<string>();
  return diagnostics.filter((d) => {
    const key = `${d.code}:${d.place?.file}:${d.place?.range.start.offset}:${d.message}`;
    return !seen.has(key) && seen.add(key);
  });
}

/** What every phase returns: its result unless it found errors, and all it has to say. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T; readonly diagnostics: readonly Diagnostic[] }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

export function outcome<T>(value: T, diagnostics: readonly Diagnostic[]): Outcome<T> {
  return hasErrors(diagnostics) ? { ok: false, diagnostics } : { ok: true, value, diagnostics };
}

export function failed(...diagnostics: readonly Diagnostic[]): {
  readonly ok: false;
  readonly diagnostics: readonly Diagnostic[];
} {
  return { ok: false, diagnostics };
}

/** A bug of netlathe itself; never the user's mistake. */
export function bug(message: string): never {
  throw new Error(`netlathe bug: ${message}`);
}

export function assertNever(value: never): never {
  return bug(`unexpected ${JSON.stringify(value)}`);
}
