/**
 * The service worker: all files of the page are fetched once and served from then on, with or without a network. A new
 * version is fetched beside the old one and takes over as a whole, so that no page mixes the two.
 */

// The types of service workers and those of pages exclude each other in one project.
interface Lasting extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface Fetching extends Lasting {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}
interface Worker {
  readonly registration: { readonly scope: string };
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(type: 'install' | 'activate', listener: (event: Lasting) => void): void;
  addEventListener(type: 'fetch', listener: (event: Fetching) => void): void;
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
}

export function serveOffline(worker: Worker, version: string, files: readonly string[]): void {
  const { scope } = worker.registration;
  // Other pages of the same origin keep caches, too: ours are known by the place of this one.
  const prefix = `netlathe ${scope} `;
  const name = prefix + version;
  const addresses = new Set(files.map((file) => new URL(file, scope).href));
  const start = new URL('index.html', scope).href;

  worker.addEventListener('install', (event) => {
    const requests = [...addresses].map((url) => new Request(url, { cache: 'reload' }));
    event.waitUntil(caches.open(name).then((cache) => cache.addAll(requests)));
  });

  worker.addEventListener('activate', (event) => {
    const tidy = async (): Promise<void> => {
      const old = (await caches.keys()).filter((key) => key.startsWith(prefix) && key !== name);
      await Promise.all(old.map((key) => caches.delete(key)));
      await worker.clients.claim();
    };
    event.waitUntil(tidy());
  });

  worker.addEventListener('message', ({ data }) => {
    if (data === 'take over') worker.skipWaiting();
  });

  worker.addEventListener('fetch', (event) => {
    const { request } = event;
    const url = new URL(request.url);
    url.search = '';
    url.hash = '';
    const wanted = url.href === scope ? start : url.href;
    if (request.method !== 'GET' || !addresses.has(wanted)) return;
    event.respondWith(fromCache(name, wanted, request));
  });
}

/** A browser short of space may have thrown the cache away. */
async function fromCache(name: string, url: string, request: Request): Promise<Response> {
  const cache = await caches.open(name);
  return (await cache.match(url)) ?? fetch(request);
}
