/** Wants the lock of a run folder whenever it is told to, and says whether it got it. */

import { RunFolder } from '../../../runtime/train/run-folder.ts';
import { TrainError } from '../../../runtime/train/train-error.ts';

export type Told = { readonly lock: string } | { readonly unlock: string };
export type Said = { readonly ready: true } | { readonly got: boolean; readonly error?: string };

const held = new Map<string, RunFolder>();
const say = (message: Said): void => void process.send?.(message);

process.on('message', async (told: Told) => {
  if ('unlock' in told) {
    await held.get(told.unlock)?.unlock();
    held.delete(told.unlock);
    say({ got: false });
    return;
  }
  const folder = new RunFolder(told.lock);
  try {
    await folder.lock();
    held.set(told.lock, folder);
    say({ got: true });
  } catch (error) {
    const refused = error instanceof TrainError && error.code === 'E543';
    say(refused ? { got: false } : { got: false, error: String(error) });
  }
});
say({ ready: true });
