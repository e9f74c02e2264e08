#!/usr/bin/env node
/** The process around main(): streams, signals and the exit code. */

import type { Input, Io, Output } from './io.ts';
import { exit } from './io.ts';
import { main } from './main.ts';

function output(stream: NodeJS.WriteStream): Output {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // `netlathe ... | head` closes the pipe early; that is no error.
    if (error.code === 'EPIPE') process.exit(exit.ok);
    const reason = error.code === 'ENOSPC' ? 'no space left' : error.message;
    if (stream !== process.stderr)
      process.stderr.write(`error: cannot write the output: ${reason}\n`);
    process.exit(exit.usage);
  });
  return {
    write: (text) => void stream.write(text),
    isTTY: stream.isTTY === true,
    get columns() {
      return stream.columns || Number(process.env.COLUMNS) || 80;
    },
  };
}

const input: Input = {
  isTTY: process.stdin.isTTY === true,
  text: async () => {
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks).toString('utf8');
  },
  ended: () =>
    new Promise((resolve) => {
      for (const event of ['end', 'close', 'error']) process.stdin.once(event, () => resolve());
      process.stdin.resume();
    }),
  ask: async (question) => {
    const { createInterface } = await import('node:readline/promises');
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    try {
      return await lines.question(question);
    } catch (error) {
      // Ctrl-C or Ctrl-D at the question: the user wants out.
      if ((error as Error).name !== 'AbortError') throw error;
      process.stderr.write('\n');
      return process.exit(exit.interrupted);
    } finally {
      lines.close();
    }
  },
};

const interrupt = new AbortController();
let handled = false;
let stopped: number = exit.interrupted;
for (const [signal, code] of [
  ['SIGINT', exit.interrupted],
  ['SIGTERM', exit.terminated],
] as const) {
  process.on(signal, () => {
    // The second signal always ends it.
    if (!handled || interrupt.signal.aborted) process.exit(code);
    stopped = code;
    interrupt.abort();
  });
}
// A file over the limit of the process is then an error of that write, which can be told, and not the end.
if (process.platform !== 'win32') process.on('SIGXFSZ', () => undefined);

// A trial of a suite has a channel to it. Where that ends, the suite wants it to stop, or was killed.
const leave = () => {
  if (!handled) process.exit(exit.interrupted);
  interrupt.abort();
};
if (process.connected === false) leave();
process.once('disconnect', leave);
process.channel?.unref();

const io: Io = {
  stdout: output(process.stdout),
  stderr: output(process.stderr),
  stdin: input,
  cwd: process.cwd(),
  env: process.env,
  takeInterrupts: () => {
    handled = true;
    return interrupt.signal;
  },
};

const code = await main(process.argv.slice(2), io);
process.exitCode = code === exit.interrupted ? stopped : code;
// A stream that is still open (stdin under --watch) must not keep the process alive.
process.stdin.unref?.();
