import { expect, test } from 'vitest';
import { ModelHost } from '../../../templates/support/native/host.ts';
import type { ModelInfo } from '../../../templates/support/types.ts';

const info = { name: 'net' } as ModelInfo;

function hosted() {
  const asked: string[] = [];
  const host = new ModelHost((code) => asked.push(code));
  return { asked, host, reply: (message: object) => host.receive(JSON.stringify(message)) };
}

/** The question as the page would get it. */
function questionOf(code: string | undefined): { readonly id: number; readonly image: object } {
  let found: unknown;
  new Function('netlatheAsk', code ?? '')((question: unknown) => {
    found = question;
  });
  return found as { id: number; image: object };
}

test('what is asked early waits for the page, and answers find their questions', async () => {
  const { asked, host, reply } = hosted();
  const seen: ModelInfo[] = [];
  host.onReady = (given) => seen.push(given);
  const first = host.predict({ photo: 'a' }, { topK: 1 });
  const second = host.predict({ pixels: 'b', width: 1, height: 2 });
  expect(asked).toEqual([]);
  reply({ ready: info });
  expect(seen).toEqual([info]);
  expect(asked.map(questionOf)).toEqual([
    { id: 1, image: { photo: 'a' }, options: { topK: 1 } },
    { id: 2, image: { pixels: 'b', width: 1, height: 2 }, options: {} },
  ]);
  reply({ id: 2, predictions: [{ label: 'x', score: 1, index: 0 }], milliseconds: 4 });
  reply({ id: 1, error: 'the photo cannot be decoded' });
  expect(await second).toEqual({
    predictions: [{ label: 'x', score: 1, index: 0 }],
    milliseconds: 4,
  });
  await expect(first).rejects.toThrow('cannot be decoded');
});

test('no text of a photo becomes code', () => {
  const { asked, host, reply } = hosted();
  reply({ ready: info });
  const photo = `"); alert(1); ("\u2028\u2029\\ </script>`;
  void host.predict({ photo });
  expect(questionOf(asked[0])).toMatchObject({ image: { photo } });
  expect(asked[0]).not.toMatch(/[\u2028\u2029]/);
});

test('a page that is gone takes its questions with it; a new one is asked anew', async () => {
  const { asked, host, reply } = hosted();
  reply({ ready: info });
  const lost = host.predict({ photo: 'a' });
  host.fail('stopped by the system');
  await expect(lost).rejects.toThrow('stopped by the system');
  void host.predict({ photo: 'b' });
  expect(asked).toHaveLength(1);
  reply({ ready: info });
  expect(questionOf(asked[1])).toMatchObject({ image: { photo: 'b' } });
  // An answer that nobody waits for any more does no harm.
  reply({ id: 1, predictions: [], milliseconds: 1 });
});

test('a model that does not run says so, now and later', async () => {
  const { host, reply } = hosted();
  const errors: string[] = [];
  host.onError = ({ message }) => errors.push(message);
  const early = host.predict({ photo: 'a' });
  reply({ broken: 'the weights are damaged' });
  await expect(early).rejects.toThrow('damaged');
  await expect(host.predict({ photo: 'b' })).rejects.toThrow('damaged');
  expect(errors).toEqual(['the weights are damaged']);
});
