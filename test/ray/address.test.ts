import { expect, it } from 'vitest';
import { parseAddress } from '../../runtime/ray/address.ts';

function url(text: string): string {
  const address = parseAddress(text);
  return address.ok ? address.url.href : address.message;
}

it.each([
  ['ray://head', 'http://head:8265/'],
  // What a URL says of port 80 is what it says of none.
  ['ray://head:80', 'http://head/'],
  ['ray://head:80/ray', 'http://head/ray/'],
  ['ray://head:/ray', 'http://head:8265/ray/'],
  ['ray://[::1]', 'http://[::1]:8265/'],
  ['ray://[::1]:80', 'http://[::1]/'],
  ['http://head', 'http://head/'],
  ['https://host:99/ray', 'https://host:99/ray/'],
])('%s is %s', (text, wanted) => {
  expect(url(text)).toBe(wanted);
});

it('refuses a password', () => {
  expect(url('http://me:pw@host')).toContain('a host, a port and perhaps a path');
});
