import type { ApiReply } from '../provider/token-provider.js';

const LARGEST_BODY = 65_536;

/** An API's reply as providers judge it, from a `Response` or from an error a client threw. */
export function apiReplyOf(
  outcome: { result: unknown } | { error: unknown },
): ApiReply | undefined {
  if ('result' in outcome) {
    return isResponse(outcome.result) ? fromResponse(outcome.result) : undefined;
  }
  return fromError(outcome.error);
}

/** Also one of another class than the global one: undici and polyfills bring their own. */
function isResponse(value: unknown): value is Response {
  if (typeof value !== 'object' || value === null) return false;
  const { status, headers, clone } = value as Partial<Response>;
  const reads = typeof headers?.get === 'function' && typeof clone === 'function';
  return typeof status === 'number' && reads;
}

/** The body is read from a clone, and only if it is JSON and small: streams pass through. */
function fromResponse(response: Response): ApiReply {
  const { status, headers } = response;
  const type = headers.get('content-type') ?? '';
  const length = Number(headers.get('content-length') ?? 0);
  const readable = /\bjson\b/i.test(type) && length <= LARGEST_BODY && !response.bodyUsed;
  let json: Promise<unknown> | undefined;
  return {
    status,
    headers,
    json: () => {
      json ??= readable ? readSmall(response.clone()) : Promise.resolve(undefined);
      return json;
    },
  };
}

async function readSmall(copy: Response): Promise<unknown> {
  const reader = copy.body?.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done || value === undefined) break;
    size += value.length;
    if (size > LARGEST_BODY) {
      reader?.cancel().catch(() => {});
      return undefined;
    }
    chunks.push(value);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return undefined;
  }
}

interface HttpLikeError {
  readonly status?: unknown;
  readonly response?: {
    readonly status?: unknown;
    readonly headers?: unknown;
    readonly data?: unknown;
    readonly body?: unknown;
  };
}

/** Errors of common clients: `error.status`, or `error.response.status` with `data` or `body`. */
function fromError(error: unknown): ApiReply | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { status: own, response } = error as HttpLikeError;
  if (isResponse(response)) return fromResponse(response);
  const status = typeof own === 'number' ? own : response?.status;
  if (typeof status !== 'number') return undefined;
  return {
    status,
    headers: headersOf(response?.headers),
    json: async () => response?.data ?? response?.body,
  };
}

function headersOf(headers: unknown): Headers {
  if (headers instanceof Headers) return headers;
  const made = new Headers();
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (typeof value === 'string') made.set(name, value);
  }
  return made;
}
