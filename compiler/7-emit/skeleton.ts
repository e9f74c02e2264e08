/** The skeletons of templates/. */

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import Handlebars from 'handlebars';
import { packageRoot } from '../../runtime/package-root.ts';

/** Layout only: every value is a finished fragment, and a missing one is an error. `name` is without `.hbs`. */
export async function filled(
  name: string,
  values: Readonly<Record<string, string>>,
): Promise<string> {
  const template = Handlebars.compile<Readonly<Record<string, string>>>(
    await templateText(`${name}.hbs`),
    { noEscape: true, strict: true, knownHelpersOnly: true },
  );
  return template(values);
}

export function templateText(name: string): Promise<string> {
  return readFile(path.join(packageRoot(), 'templates', name), 'utf8');
}
