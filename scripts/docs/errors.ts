/** docs/errors.md: what `netlathe explain` says, on one page. */

import { chapters } from '../../compiler/diagnostics/catalogue.ts';

export function errorsPage(): string {
  const parts = chapters.map(({ title, entries }) => {
    const sorted = [...entries].sort((a, b) => (a.code < b.code ? -1 : 1));
    const told = sorted.map(
      ({ code, title, explanation }) =>
        `<a id="${code.toLowerCase()}"></a>\n\n### ${code}: ${title}\n\n${explanation}\n`,
    );
    return `## ${title}\n\n${told.join('\n')}`;
  });
  return `<!-- Made by \`npm run generate\`. Do not edit. -->

# Errors

\`netlathe explain CODE\` shows these in the terminal. A code is never used again for something else.

${parts.join('\n')}`;
}
