import type { ServerRequest } from '../../server/server-request.js';

/** A request of a client as it reaches a server. */
export function serverRequest(
  method: string,
  url: URL,
  headers: Readonly<Record<string, string>>,
  body: string | undefined,
): ServerRequest {
  const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  return {
    method,
    path: url.pathname,
    query: url.searchParams,
    headers: Object.fromEntries(lower),
    body: Buffer.from(body ?? ''),
    connection: 0,
  };
}
