/**
 * What went wrong outside the YAML, as data before it is text: a reporter prints `error[E503]: message`, the path, the
 * notes and `= help: hint`, or the JSON form. Subclasses say which part of the runtime refused and own a range of codes.
 */

import type { RuntimeCode } from './codes.ts';

export interface RuntimeErrorDetails {
  /** Explained in codes.ts. */
  readonly code: RuntimeCode;
  readonly message: string;
  /** The file or folder on disk that is at fault. */
  readonly path?: string | undefined;
  /** What would work. */
  readonly hint?: string | undefined;
  /** One line each: the files, classes or numbers that belong to the message. */
  readonly notes?: readonly string[] | undefined;
  readonly cause?: unknown;
}

export abstract class RuntimeError extends Error {
  readonly code: RuntimeCode;
  readonly path: string | null;
  readonly hint: string | null;
  readonly notes: readonly string[];

  constructor(details: RuntimeErrorDetails) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = details.code;
    this.path = details.path ?? null;
    this.hint = details.hint ?? null;
    this.notes = details.notes ?? [];
  }

  toJSON(): RuntimeErrorDetails & { readonly severity: 'error' } {
    const cause = this.cause instanceof Error ? this.cause.message : undefined;
    return {
      code: this.code,
      severity: 'error',
      message: this.message,
      ...(this.path === null ? {} : { path: this.path }),
      ...(this.hint === null ? {} : { hint: this.hint }),
      ...(this.notes.length === 0 ? {} : { notes: this.notes }),
      ...(cause === undefined ? {} : { cause }),
    };
  }
}

/** The `code` of a Node system error (`ENOENT`), or null for anything else. */
export function systemCode(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : null;
}

/** The text of anything that was thrown. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
