/** What a trial had to say, kept beside its run. A help for people that nothing depends on. */

import { appendFile } from 'node:fs/promises';
import { systemCode } from '../../runtime/runtime-error.ts';
import type { TrialEnd } from '../../runtime/suite/runner.ts';
import type { Trial } from '../../runtime/suite/trial.ts';

/** How a trial ended stands, whether a full disk takes its log or not; where it failed, that is told, too. */
export async function withLog<End extends TrialEnd | { readonly kind: 'lost' }>(
  end: End,
  { log }: Trial,
  text: string,
): Promise<End> {
  if (text === '') return end;
  try {
    await appendFile(log, text);
    return end;
  } catch (error) {
    const code = systemCode(error);
    if (code === null) throw error;
    if (end.kind !== 'failed') return end;
    return { ...end, message: `${end.message}; its log cannot be written (${code})` };
  }
}
