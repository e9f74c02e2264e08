/** Runs a job again whenever a file it read changes. */

import { type FSWatcher, watch as watchFolder } from 'node:fs';
import path from 'node:path';
import { type CommandIo, exit } from './io.ts';

/** Editors write in several steps: wait until they are done. */
const settle = 80;

/** `job` gives the files it read. Ends with stdin, or Ctrl-C. */
export async function watch(
  io: CommandIo,
  job: () => Promise<ReadonlySet<string>>,
): Promise<number> {
  const interrupted = io.takeInterrupts();
  const watchers = new Map<string, FSWatcher>();
  let files: ReadonlySet<string> = new Set();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  const run = async () => {
    if (io.stdout.isTTY) io.stdout.write('\u001b[2J\u001b[3J\u001b[H');
    files = await job();
    watchFolders();
    io.say(io.err.dim(`watching ${files.size} file${files.size === 1 ? '' : 's'}; Ctrl-C ends it`));
  };
  // Folders rather than files: many editors replace a file when they save it.
  const watchFolders = () => {
    for (const folder of new Set([...files].map((file) => path.dirname(file)))) {
      if (watchers.has(folder)) continue;
      try {
        const watcher = watchFolder(folder, (_event, name) => changed(folder, name));
        watcher.on('error', () => {});
        watchers.set(folder, watcher);
      } catch {
        // The folder does not exist (yet); the diagnostics have said so.
      }
    }
  };
  const changed = (folder: string, name: string | null) => {
    if (name !== null && !files.has(path.join(folder, name))) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      running = running.then(run);
    }, settle);
  };
  await run();
  const ended = new Promise<number>((resolve) => {
    interrupted.addEventListener('abort', () => resolve(exit.interrupted));
    void io.stdin.ended().then(() => {
      io.say(io.err.dim('the standard input has ended, and so has watching'));
      resolve(exit.ok);
    });
  });
  const code = await ended;
  clearTimeout(timer);
  for (const watcher of watchers.values()) watcher.close();
  await running;
  return code;
}
