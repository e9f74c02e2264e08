/**
 * What an editor shows: the real yaml-language-server, over its protocol, with the modeline of a shipped file. This is
 * what the YAML extension of VS Code runs.
 */

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
}
interface Diagnostic {
  readonly message: string;
  readonly range: { readonly start: { readonly line: number } };
}
interface Completion {
  readonly items: readonly { readonly label: string; readonly documentation?: unknown }[];
}

/** As much of the protocol as the tests need. */
class Client {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #waiting = new Map<number, (result: unknown) => void>();
  readonly #published = new Map<string, (found: readonly Diagnostic[]) => void>();
  #buffer = Buffer.alloc(0);
  #id = 0;
  #documents = 0;

  constructor() {
    const server = path.resolve('node_modules/yaml-language-server/bin/yaml-language-server');
    this.#process = spawn(process.execPath, [server, '--stdio']);
    this.#process.stdout.on('data', (chunk: Buffer) => {
      this.#buffer = Buffer.concat([this.#buffer, chunk]);
      for (let m = this.#next(); m; m = this.#next()) this.#receive(m);
    });
  }

  async start(): Promise<void> {
    const rootUri = pathToFileURL(process.cwd()).href;
    await this.request('initialize', { processId: process.pid, rootUri, capabilities: {} });
    this.notify('initialized', {});
  }

  /** Opens a text as a file beside the zoo; gives its address. */
  open(text: string): string {
    const uri = pathToFileURL(
      path.resolve('architectures', `editor-${++this.#documents}.yaml`),
    ).href;
    this.notify('textDocument/didOpen', {
      textDocument: { uri, languageId: 'yaml', version: 1, text },
    });
    return uri;
  }

  diagnostics(text: string): Promise<readonly Diagnostic[]> {
    return new Promise((resolve) => this.#published.set(this.open(text), resolve));
  }

  request(method: string, params: unknown): Promise<unknown> {
    const id = ++this.#id;
    this.#send({ id, method, params });
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  notify(method: string, params: unknown): void {
    this.#send({ method, params });
  }

  stop(): void {
    this.#process.kill();
  }

  #send(message: Message): void {
    const body = JSON.stringify({ jsonrpc: '2.0', ...message });
    this.#process.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  }

  #next(): Message | undefined {
    const head = this.#buffer.indexOf('\r\n\r\n');
    if (head < 0) return undefined;
    const length = Number(
      /Content-Length: (\d+)/i.exec(this.#buffer.toString('ascii', 0, head))?.[1],
    );
    if (this.#buffer.length < head + 4 + length) return undefined;
    const body = this.#buffer.toString('utf8', head + 4, head + 4 + length);
    this.#buffer = this.#buffer.subarray(head + 4 + length);
    return JSON.parse(body) as Message;
  }

  #receive({ id, method, params, result }: Message): void {
    if (method === 'textDocument/publishDiagnostics') {
      const { uri, diagnostics } = params as { uri: string; diagnostics: readonly Diagnostic[] };
      this.#published.get(uri)?.(diagnostics);
    } else if (method !== undefined && id !== undefined) {
      // The server asks for settings; an empty one each takes its defaults.
      const { items = [] } = (params ?? {}) as { items?: readonly unknown[] };
      this.#answer(id, method === 'workspace/configuration' ? items.map(() => ({})) : null);
    } else if (id !== undefined) this.#waiting.get(id)?.(result);
  }

  #answer(id: number, result: unknown): void {
    const body = JSON.stringify({ jsonrpc: '2.0', id, result });
    this.#process.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  }
}

const head = `# yaml-language-server: $schema=../schema/architecture.schema.json
version: 1
name: test
input: { height: 8, width: 8 }
classes: 3
`;
const tail = `  - globalAvgPool
  - { op: dense, units: classes }
`;

const client = new Client();
beforeAll(() => client.start());
afterAll(() => client.stop());

/** `|` marks where the cursor stands. */
function cursor(text: string) {
  const offset = text.indexOf('|');
  const before = text.slice(0, offset).split('\n');
  const position = { line: before.length - 1, character: before.at(-1)?.length ?? 0 };
  return { position, textDocument: { uri: client.open(text.replace('|', '')) } };
}

async function labels(text: string): Promise<readonly string[]> {
  const result = (await client.request('textDocument/completion', cursor(text))) as Completion;
  return (result.items ?? []).map((i) => i.label);
}

async function hover(text: string): Promise<string> {
  const result = (await client.request('textDocument/hover', cursor(text))) as {
    readonly contents: { readonly value: string } | string;
  } | null;
  const contents = result?.contents ?? '';
  return typeof contents === 'string' ? contents : contents.value;
}

describe('yaml-language-server', () => {
  it('finds nothing wrong in a right file', async () => {
    const text = `${head}bandwidth: [4, 8]
blocks:
  unit:
    parameters: [width]
    layers: [{ op: conv2d, kernel: 3, filters: width, padding: same }, batchNorm, relu]
layers:
  - { block: unit, width: "bandwidth[0]" }
  - { op: add, branches: [[], [{ block: unit, width: in }]] }
${tail}`;
    expect(await client.diagnostics(text)).toEqual([]);
  });

  it('completes the keys of the file', async () => {
    const found = await labels(`${head}|\n`);
    for (const key of ['bandwidth', 'budget', 'blocks', 'layers', 'variants'])
      expect(found).toContain(key);
  });

  it('completes the names of ops', async () => {
    const all = await labels(`${head}layers:\n  - op: |\n`);
    for (const op of ['conv2d', 'maxPool2d', 'hardSwish', 'dense']) expect(all).toContain(op);
    // In braces the server wants a letter first; it then offers what begins so.
    expect(await labels(`${head}layers:\n  - { op: co| }\n`)).toContain('concat');
    expect(await labels(`${head}layers:\n  - { b| }\n`)).toEqual(
      expect.arrayContaining(['op', 'block', 'layers']),
    );
  });

  it('completes words that stand for a layer', async () => {
    const found = await labels(`${head}layers:\n  - b|\n`);
    for (const word of ['batchNorm', 'relu', 'op', 'block']) expect(found).toContain(word);
  });

  it('completes the keys of one op, and not those of another', async () => {
    for (const text of [
      `${head}layers:\n  - op: conv2d\n    |\n`,
      `${head}layers:\n  - { op: conv2d, k| }\n`,
      `${head}blocks:\n  unit:\n    parameters: [width]\n    layers:\n      - op: conv2d\n        |\n`,
    ]) {
      const found = await labels(text);
      for (const key of ['kernel', 'filters', 'groups', 'stride']) expect(found).toContain(key);
      expect(found).not.toContain('rate');
      expect(found).not.toContain('units');
    }
  });

  it('completes limits and the words of an attribute', async () => {
    expect(await labels(`${head}budget:\n  params:\n    e|\n`)).toEqual(
      expect.arrayContaining(['exactly', 'atMost', 'within']),
    );
    expect(await labels(`${head}layers:\n  - op: conv2d\n    padding: |\n`)).toEqual(
      expect.arrayContaining(['same', 'valid']),
    );
  });

  it('explains keys on hover', async () => {
    expect(await hover(`${head}budget:\n  par|ams: { exactly: 100 }\n`)).toContain(
      'Trainable parameters',
    );
    expect(await hover(`${head}layers:\n  - { op: conv2d, ker|nel: 3 }\n`)).toMatch(
      /kernel|window|size/i,
    );
  });

  it('marks a typo where it stands', async () => {
    const wrongKey = await client.diagnostics(
      `${head}layers:\n  - { op: conv2d, filter: 3, kernel: 3 }\n${tail}`,
    );
    expect(wrongKey.map((d) => d.range.start.line)).toContain(6);
    expect(wrongKey.map((d) => d.message).join()).toContain('filter');
    const wrongOp = await client.diagnostics(`${head}layers:\n  - { op: conv3d }\n${tail}`);
    expect(wrongOp.map((d) => d.range.start.line)).toContain(6);
  });
});
