/** A real HTTP server with the part of MLflow that netlathe talks to, which can fail in every way that servers do. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Pair {
  readonly key: string;
  readonly value: string;
}

export interface KeptRun {
  readonly id: string;
  readonly experiment: string;
  readonly name: string;
  status: string;
  readonly tags: readonly Pair[];
  readonly params: Map<string, string>;
  readonly metrics: {
    readonly key: string;
    readonly value: number;
    readonly timestamp: number;
    readonly step: number;
  }[];
  readonly files: Map<string, Buffer>;
}

type Fault = 'none' | 'silent' | 'broken' | 'refusing' | 'page' | 'deaf';
type Body = Readonly<Record<string, unknown>>;

export class MlflowTestServer {
  readonly runs: KeptRun[] = [];
  readonly experiments = new Map<string, string>();
  readonly authorizations = new Set<string | undefined>();
  requests = 0;
  /**
   * silent: no answer; broken: 503; refusing: 403; page: some other server; deaf: a run is made, and the answer lost.
   */
  fault: Fault = 'none';
  artifactRoot = 'mlflow-artifacts:';
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests++;
    this.authorizations.add(request.headers.authorization);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const answer = (status: number, body: object) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    if (this.fault === 'silent') return;
    if (this.fault === 'broken') return answer(503, {});
    if (this.fault === 'page') return void response.end('<html>Welcome</html>');
    if (this.fault === 'refusing') {
      return answer(403, { error_code: 'PERMISSION_DENIED', message: 'not yours\nat line 1' });
    }
    const [status, body] = this.#answer(request, Buffer.concat(chunks));
    if (this.fault === 'deaf' && request.url?.endsWith('runs/create')) response.destroy();
    else answer(status, body);
  }

  #answer(request: IncomingMessage, body: Buffer): readonly [number, object] {
    const url = new URL(request.url ?? '', 'http://host');
    const artifact = /^\/api\/2\.0\/mlflow-artifacts\/artifacts\/(.+?)\/files\/(.+)$/.exec(
      url.pathname,
    );
    if (artifact) {
      this.#run(artifact[1]).files.set(artifact[2] as string, body);
      return [200, {}];
    }
    const endpoint = url.pathname.replace('/api/2.0/mlflow/', '');
    const json = (body.length > 0 ? JSON.parse(body.toString()) : {}) as Body;
    if (endpoint === 'experiments/get-by-name') {
      const id = this.experiments.get(url.searchParams.get('experiment_name') ?? '');
      if (id === undefined) return [404, { error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'no' }];
      return [200, { experiment: { experiment_id: id } }];
    }
    return [200, this.#post(endpoint, json)];
  }

  #run(id: unknown): KeptRun {
    const run = this.runs.find((r) => r.id === id);
    if (!run) throw new Error(`no run ${id}`);
    return run;
  }

  #post(endpoint: string, json: Body): object {
    switch (endpoint) {
      case 'experiments/create': {
        const id = String(this.experiments.size + 1);
        this.experiments.set(json.name as string, id);
        return { experiment_id: id };
      }
      case 'runs/create': {
        const run: KeptRun = {
          ...{ id: `run${this.runs.length + 1}`, experiment: json.experiment_id as string },
          ...{ name: json.run_name as string, status: 'RUNNING', tags: json.tags as Pair[] },
          ...{ params: new Map(), metrics: [], files: new Map() },
        };
        this.runs.push(run);
        return { run: this.#info(run) };
      }
      case 'runs/search': {
        const value = /= '(.+)'$/.exec(json.filter as string)?.[1];
        const found = this.runs.filter(({ tags }) => tags.some((tag) => tag.value === value));
        return { runs: found.map((run) => this.#info(run)) };
      }
      case 'runs/log-batch': {
        const run = this.#run(json.run_id);
        for (const { key, value } of (json.params ?? []) as Pair[]) run.params.set(key, value);
        run.metrics.push(...((json.metrics ?? []) as KeptRun['metrics']));
        return {};
      }
      case 'runs/update':
        this.#run(json.run_id).status = json.status as string;
        return {};
      default:
        throw new Error(`no endpoint ${endpoint}`);
    }
  }

  #info({ id }: KeptRun): object {
    return { info: { run_id: id, artifact_uri: `${this.artifactRoot}/${id}/files` } };
  }
}
