/**
 * Builds after `npm ci` and before `npm pack`. `npx netlathe` in a clone prepares the package once more; what is built
 * already is good then, and a second build would only make the first command slow.
 */

import { existsSync } from 'node:fs';
import path from 'node:path';

const built = existsSync(path.join(import.meta.dirname, '../dist/cli/bin.js'));
if (process.env.npm_command !== 'exec' || !built) await import('./build.ts');
