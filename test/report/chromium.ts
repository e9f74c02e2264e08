/** The Chromium that is installed, for tests that need a real browser. */
import { existsSync } from 'node:fs';

const places = [
  process.env.NETLATHE_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

export const chromiumPath = places.find((path) => path !== undefined && existsSync(path));

if (!chromiumPath) {
  console.warn(
    'No Chromium: tests in a real browser are skipped. Run "apt-get install chromium", or name one in NETLATHE_CHROMIUM.',
  );
}
