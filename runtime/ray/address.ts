/** Where a Ray cluster is spoken to: the address of its dashboard, which also serves the Jobs REST interface. */

/** Ray's own default. */
const dashboardPort = 8265;
/** Where Ray's Python client connects, by the scheme that the dashboard borrows here. */
const clientPort = 10001;

export type Address =
  | { readonly ok: true; readonly url: URL }
  | { readonly ok: false; readonly message: string; readonly hint: string };

/** `ray://HOST[:PORT]`, `http://HOST:PORT[/PREFIX]` or `https://...`; a name and a password have no place in it. */
export function parseAddress(text: string): Address {
  const refuse = (message: string): Address => ({ ok: false, message, hint: forms });
  const match = /^(ray|https?):\/\/(.+)$/i.exec(text.trim());
  if (!match) return refuse(`"${text}" is no address of a Ray cluster`);
  const [, scheme = '', rest = ''] = match;
  const isRay = scheme.toLowerCase() === 'ray';
  const written = `${isRay ? 'http' : scheme}://${rest}`;
  if (!URL.canParse(written)) return refuse(`"${text}" is no address of a Ray cluster`);
  const url = new URL(written);
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    return refuse('the address of a Ray cluster is a host, a port and perhaps a path');
  }
  // Of the text, since the URL leaves port 80 out as that of http.
  const hasPort = /^[^/?#]*:\d+(?:[/?#]|$)/.test(rest);
  if (isRay && !hasPort) url.port = String(dashboardPort);
  if (isRay && url.port === String(clientPort)) {
    return {
      ok: false,
      message: `port ${clientPort} is that of Ray's Python client, not of its jobs`,
      hint: `give the port of the dashboard, such as ray://${url.hostname}:${dashboardPort}`,
    };
  }
  url.pathname = url.pathname.replace(/\/*$/, '/');
  return { ok: true, url };
}

const forms = `the dashboard's address: ray://HOST:${dashboardPort}, or http:// or https:// with host and port`;
