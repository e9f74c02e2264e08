/** What a command may do with the outside world. Only cli/bin.ts makes one from the process; tests make their own. */

import { type Style, styleFor } from './style.ts';

export interface Output {
  write(text: string): void;
  readonly isTTY: boolean;
  /** Width of the terminal; 80 where there is none. */
  readonly columns: number;
}

export interface Input {
  /** All of it, as text. */
  text(): Promise<string>;
  /** Settles when the stream ends: the signal for `--watch` and servers to stop. */
  ended(): Promise<void>;
  readonly isTTY: boolean;
  /** Puts a question and gives the line typed; only where there is a terminal. */
  readonly ask?: (question: string) => Promise<string>;
}

export interface Io {
  /** Results, and nothing else. */
  readonly stdout: Output;
  /** Everything else: diagnostics, progress, questions. */
  readonly stderr: Output;
  readonly stdin: Input;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /**
   * From this call on Ctrl-C and SIGTERM no longer end the process: the signal is aborted instead, and the command must save what
   * it has and return `exit.interrupted`.
   */
  takeInterrupts(): AbortSignal;
}

/** What the flags that every command has make of an Io. */
export interface CommandIo extends Io {
  readonly out: Style;
  readonly err: Style;
  readonly quiet: boolean;
  /** A line to stderr, unless `--quiet`. */
  say(line: string): void;
  /** A result as one JSON document, with the version that scripts can test. */
  printJson(value: object): void;
}

export const exit = {
  ...{ ok: 0, fault: 1, usage: 2, bug: 70 },
  /** By Ctrl-C; by SIGTERM. Commands return the first, whichever it was. */
  ...{ interrupted: 130, terminated: 143 },
} as const;

/** Version of what `--json` prints. */
const jsonVersion = 1;

export interface CommonOptions {
  readonly quiet?: boolean;
  readonly color?: boolean;
  readonly json?: boolean;
}

export function commandIo(io: Io, options: CommonOptions): CommandIo {
  const quiet = options.quiet === true;
  return {
    ...io,
    out: styleFor(io.stdout, io.env, options.color),
    err: styleFor(io.stderr, io.env, options.color),
    quiet,
    say: (line) => {
      if (!quiet) io.stderr.write(`${line}\n`);
    },
    printJson: (value) => {
      io.stdout.write(`${JSON.stringify({ version: jsonVersion, ...value }, null, 2)}\n`);
    },
  };
}

/** A mistake in the command line or its surroundings: exit code 2, one line, no stack. */
export class UsageError extends Error {
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}
