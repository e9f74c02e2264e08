/**
 * One HTTP request by node:http. Not by `fetch`, which adds `Sec-Fetch-Mode` to whatever it sends: Ray's dashboard takes
 * that for a browser, and answers its POSTs with 405.
 */

import { request as plain } from 'node:http';
import { request as secure } from 'node:https';

export interface Answer {
  readonly ok: boolean;
  readonly status: number;
  readonly text: string;
}

export interface Question {
  readonly method: 'GET' | 'POST';
  /** Sent as JSON. */
  readonly body?: object | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds until the whole answer must be there. */
  readonly timeout: number;
}

/** Far above any log of a trial: what is longer is not from a dashboard. */
const mostBytes = 256 << 20;

/** Redirects are not followed: they are an answer like any other that is not OK. */
export function ask(url: URL, { method, body, headers, timeout }: Question): Promise<Answer> {
  const send = url.protocol === 'https:' ? secure : plain;
  const bytes = body && Buffer.from(JSON.stringify(body));
  return new Promise((resolve, reject) => {
    const sent = send(url, {
      method,
      headers: {
        accept: 'application/json',
        ...(bytes ? { 'content-type': 'application/json', 'content-length': bytes.length } : {}),
        ...headers,
      },
      signal: AbortSignal.timeout(timeout),
    });
    sent.once('error', reject);
    sent.once('response', (response) => {
      const parts: Buffer[] = [];
      let length = 0;
      response.once('error', reject);
      response.on('data', (part: Buffer) => {
        parts.push(part);
        length += part.length;
        if (length > mostBytes) response.destroy(new Error('the answer is far too long'));
      });
      response.once('end', () => {
        const { statusCode: status = 0 } = response;
        const text = Buffer.concat(parts).toString('utf8');
        resolve({ ok: status >= 200 && status < 300, status, text });
      });
    });
    sent.end(bytes);
  });
}
