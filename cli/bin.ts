#!/usr/bin/env node
/** The process around main(): streams, signals and the exit code. */

import type { Input, Io, Output } from './io.ts';
import { exit } from './io.ts';
import { main } from './main.ts';

function output(stream: NodeJS.WriteStream): Output {
  // `netlathe ... | head` closes the pipe early; that is no error.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(exit.ok);
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
process.on('SIGINT', () => {
  // The second Ctrl-C always ends it.
  if (!handled || interrupt.signal.aborted) process.exit(exit.interrupted);
  interrupt.abort();
});

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

process.exitCode = await main(process.argv.slice(2), io);
// A stream that is still open (stdin under --watch) must not keep the process alive.
process.stdin.unref?.();
