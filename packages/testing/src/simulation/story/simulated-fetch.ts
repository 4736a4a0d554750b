import { ExchangeError, type ExchangeFailure } from '@tokenkeep/core';
import type { SimProcess } from '../host/sim-process.js';
import type { SimNetwork } from '../network/sim-network.js';

/** As Node's own fetch waits. */
const connectTimeoutMs = 10_000;
const timeoutMs = 300_000;
const maxBodyBytes = Number.POSITIVE_INFINITY;
const withoutBody = [101, 204, 205, 304];

/** What stands in `cause.code` of the error that Node's fetch throws. */
const causes: Partial<Record<ExchangeFailure, string>> = {
  connect: 'ECONNREFUSED',
  dns: 'ENOTFOUND',
  tls: 'CERT_HAS_EXPIRED',
  timeout: 'UND_ERR_HEADERS_TIMEOUT',
  reset: 'ECONNRESET',
};

/**
 * `fetch` to the servers of a simulation, as one process has it. Redirects are handed back, not
 * followed.
 *
 * @throws TypeError `fetch failed`, as Node's does, with `cause.code`
 */
export async function simulatedFetch(
  network: SimNetwork,
  process: SimProcess,
  input: string | URL | Request,
  init?: RequestInit,
): Promise<Response> {
  const request = new Request(input, init);
  const body = request.body === null ? undefined : await request.text();
  const { method, signal } = request;
  const url = new URL(request.url);
  const headers = Object.fromEntries(request.headers);
  try {
    const reply = await network
      .exchangeOf(process)
      .send(
        { method, url, headers, body, connectTimeoutMs, timeoutMs, maxBodyBytes, signal },
        { onConnected: async () => {} },
      );
    const lines = Object.entries(reply.headers).flatMap(([name, values]) =>
      values.map((value): [string, string] => [name, value]),
    );
    const content = withoutBody.includes(reply.status) ? null : Buffer.from(reply.body);
    return new Response(content, { status: reply.status, headers: lines });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (!(error instanceof ExchangeError)) throw error;
    const code = causes[error.failure] ?? 'UND_ERR_SOCKET';
    throw new TypeError('fetch failed', {
      cause: Object.assign(new Error(saidOf(error.failure, url, network)), { code }),
    });
  }
}

function saidOf(failure: ExchangeFailure, { origin }: URL, { servers }: SimNetwork): string {
  if (failure !== 'dns' || servers.has(origin)) return failure;
  const known = [...servers.keys()].join(', ') || 'none';
  return `no server in this story is behind ${origin}; there are: ${known}`;
}
