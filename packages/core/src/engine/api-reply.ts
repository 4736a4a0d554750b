import { noLongerNeeded } from '../clock/no-longer-needed.js';
import type { ApiReply } from '../provider/token-provider.js';

const LARGEST_BODY = 65_536;

/** An API's reply as providers judge it, from a `Response` or from an error a client threw. */
export function apiReplyOf(
  outcome: { result: unknown } | { error: unknown },
  patience: Patience,
): ApiReply | undefined {
  if ('result' in outcome) {
    return isResponse(outcome.result) ? fromResponse(outcome.result, patience) : undefined;
  }
  return fromError(outcome.error, patience);
}

/** Resolves when a body has been read for long enough; a stream that goes on is no refusal. */
export type Patience = (signal: AbortSignal) => Promise<void>;

/** Also one of another class than the global one: undici and polyfills bring their own. */
function isResponse(value: unknown): value is Response {
  if (typeof value !== 'object' || value === null) return false;
  const { status, headers, clone } = value as Partial<Response>;
  const reads = typeof headers?.get === 'function' && typeof clone === 'function';
  return typeof status === 'number' && reads;
}

/** The body is read from a clone, and only if it is JSON and small: streams pass through. */
function fromResponse(response: Response, patience: Patience): ApiReply {
  const { status, headers } = response;
  const type = headers.get('content-type') ?? '';
  const length = Number(headers.get('content-length') ?? 0);
  const readable = /\bjson\b/i.test(type) && length <= LARGEST_BODY && !response.bodyUsed;
  let json: Promise<unknown> | undefined;
  return {
    status,
    headers,
    json: () => {
      json ??= readable ? readSmall(response.clone(), patience) : Promise.resolve(undefined);
      return json;
    },
  };
}

async function readSmall({ body }: Response, patience: Patience): Promise<unknown> {
  if (body === null) return undefined;
  const { read, cancel } = readerOf(body);
  const done = new AbortController();
  const tooLong = patience(done.signal).then(
    () => undefined,
    () => undefined,
  );
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for (;;) {
      const next = read();
      next.catch(() => {});
      const part = await Promise.race([next, tooLong]);
      if (part === undefined) return undefined;
      if (part.done) break;
      size += part.value.length;
      if (size > LARGEST_BODY) return undefined;
      parts.push(part.value);
    }
    return JSON.parse(Buffer.concat(parts).toString('utf8'));
  } catch {
    return undefined;
  } finally {
    done.abort(noLongerNeeded);
    cancel();
  }
}

type Part = { readonly done: false; readonly value: Uint8Array } | { readonly done: true };

/** Streams of the web, and those of Node that other clients put there. */
function readerOf(body: ReadableStream<Uint8Array> | (AsyncIterable<Uint8Array> & Destroyable)) {
  if ('getReader' in body) {
    const reader = body.getReader();
    return {
      read: () => reader.read() as Promise<Part>,
      // The other half of the clone cannot be let go of before this one is.
      cancel: () => void reader.cancel().catch(() => {}),
    };
  }
  const iterator = body[Symbol.asyncIterator]();
  return { read: () => iterator.next() as Promise<Part>, cancel: () => body.destroy() };
}

interface Destroyable {
  destroy(): void;
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
function fromError(error: unknown, patience: Patience): ApiReply | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { status: own, response } = error as HttpLikeError;
  if (isResponse(response)) return fromResponse(response, patience);
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
