import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checker, hostileNames } from './hostile-names.ts';

// `npm run prove:emit` tries 10,000.
test('500 hostile names stay inside their strings', async () => {
  const { check } = await checker();
  await fc.assert(
    fc.asyncProperty(hostileNames, async (names) => {
      expect(await check(names)).toBeUndefined();
    }),
    { numRuns: 500 },
  );
}, 240_000);

test('the check itself notices a name that gets out', async () => {
  const { check } = await checker();
  expect(await check(['</script>', 'a', 'b', 'c'])).toBeUndefined();
  expect(await check(['net', 'a', 'a', 'c'])).toContain('another tree');
});
