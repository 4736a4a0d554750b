import { bodyOf, bytesOf, type RequestBody, textsOf } from './request-body.js';

/**
 * What a caller handed to fetch. As with fetch itself, it counts as it stood at the call: buffers
 * and forms may change before there is a token, or before the request is repeated.
 */
export interface OutgoingRequest {
  readonly url: string;
  readonly headers: Headers;
  /** Texts of the body as far as they are known without reading it. */
  readonly text: readonly string[];
  /** Reads the body of a `Request`, so it is called once. */
  readonly body: () => Promise<RequestBody>;
  /** What the caller wants done about a redirect. */
  readonly redirect: NonNullable<RequestInit['redirect']>;
  readonly signal: AbortSignal | undefined;
  /** For the fetch underneath: everything but body and headers. */
  readonly init: RequestInit;
}

const plainMembers = [
  'cache',
  'credentials',
  'integrity',
  'keepalive',
  'method',
  'mode',
  'referrer',
  'referrerPolicy',
];

export function readRequest(
  input: string | URL | Request,
  given: RequestInit | undefined,
): OutgoingRequest {
  const own = given ?? {};
  const request = isRequest(input) ? input : undefined;
  const signal = (own.signal === undefined ? request?.signal : own.signal) ?? undefined;
  // By name: a spread does not see the getters of a Request, which may stand for `init` as well.
  const members = plainMembers.map((name) => {
    return [name, Reflect.get(own, name) ?? (request && Reflect.get(request, name))] as const;
  });
  const init: RequestInit = {
    ...own,
    ...Object.fromEntries(members.filter(([, value]) => value !== undefined)),
    redirect: 'manual',
    ...(signal && { signal }),
  };
  const streamed = own.body == null && request?.body != null ? request : undefined;
  const body = bodyOf(own.body);
  return {
    url: request?.url ?? String(input),
    headers: new Headers(own.headers ?? request?.headers),
    text: textsOf(own.body),
    body: async () => (streamed === undefined ? body : bytesOf(streamed)),
    redirect: own.redirect ?? request?.redirect ?? 'follow',
    signal,
    init,
  };
}

/** Also one of another class: undici and polyfills bring their own. */
function isRequest(input: string | URL | Request): input is Request {
  return typeof input === 'object' && 'url' in input && 'arrayBuffer' in input;
}
