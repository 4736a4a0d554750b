import type { ErrorCode } from '../errors/error-code.js';
import { TokenError } from '../errors/token-error.js';
import type { ProviderCall, TokenReply, TokenRequest } from '../provider/provider-call.js';
import { Secret } from '../token/secret.js';
import { ExchangeError, type ExchangeFailure, type HttpExchange } from './http-exchange.js';
import { requestBody, secretsIn } from './request-body.js';
import { tokenEndpointUrl } from './token-endpoint-url.js';
import { tokenReply } from './token-reply.js';

/** What the engine adds to each request of a provider. */
export interface CallRules {
  readonly exchange: HttpExchange;
  readonly target: ProviderCall['target'];
  readonly credentialsError?: TokenError | undefined;
  readonly signal: AbortSignal;
  readonly allowInsecureLoopback: boolean;
  readonly connectTimeoutMs: number;
  readonly timeoutMs: number;
  readonly maxBodyBytes: number;
  readonly wallClock: () => number;
  /** Throws to keep a request from being made at all: the host's breaker. */
  readonly beforeConnect: (origin: string) => Promise<void>;
  /** Makes the intent durable; the first byte leaves right after it resolves. */
  readonly admit: () => Promise<void>;
  readonly onOutcome: (origin: string, outcome: HostOutcome) => void;
  readonly onProgress?: (step: 'head-written' | 'reply-begun') => void;
}

export type HostOutcome = 'answered' | 'failed';

/** Metadata in two places (RFC 8414 section 5), and not a loop. */
const MOST_PRELIMINARIES = 2;
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e]*$/;

/** The hardened call of one operation. It knows whether anything of it may have been sent. */
export class EngineCall implements ProviderCall {
  readonly target: ProviderCall['target'];
  readonly credentialsError?: TokenError;
  readonly signal: AbortSignal;
  /** `no`: provably nothing left. `refused`: nothing of it was processed, as a reply proved. */
  sent: 'no' | 'maybe' | 'refused' = 'no';
  readonly #secrets: Secret[] = [];
  #preliminaries = 0;

  constructor(private readonly rules: CallRules) {
    this.signal = rules.signal;
    this.target = rules.target;
    if (rules.credentialsError !== undefined) this.credentialsError = rules.credentialsError;
  }

  /** Everything secret that was sent: what the server says back is cleaned of it. */
  get secrets(): readonly Secret[] {
    return this.#secrets;
  }

  lifetimeUntil(endsAt: number | undefined, reply: TokenReply): number | undefined {
    if (endsAt === undefined || !Number.isFinite(endsAt)) return undefined;
    return endsAt - (reply.date ?? this.rules.wallClock());
  }

  nothingProcessed(): void {
    if (this.sent === 'maybe') this.sent = 'refused';
  }

  send(request: TokenRequest): Promise<TokenReply> {
    const reply = this.#send(request);
    // A plug-in that forgets to await it gets its error elsewhere; it must not end the process.
    reply.catch(() => {});
    return reply;
  }

  async #send(request: TokenRequest): Promise<TokenReply> {
    const { rules } = this;
    const address = Secret.of(request.url).reveal();
    const url = tokenEndpointUrl(address, rules.allowInsecureLoopback);
    this.#secrets.push(...secretsIn(request));
    if (request.preliminary) this.#checkPreliminary(request);
    const body = requestBody(request);
    const headers = wireHeaders(request, body?.contentType);
    refuseMask(address, body?.text ?? '', ...Object.values(headers));
    await rules.beforeConnect(url.origin);
    const sentBefore = this.sent;
    let isOver = false;
    try {
      const wire = await rules.exchange.send(
        {
          method: request.method,
          url,
          headers,
          body: body?.text ?? (request.method === 'POST' ? '' : undefined),
          connectTimeoutMs: rules.connectTimeoutMs,
          timeoutMs: rules.timeoutMs,
          maxBodyBytes: rules.maxBodyBytes,
          signal: rules.signal,
        },
        {
          onConnected: async () => {
            if (request.preliminary) return;
            await rules.admit();
            // An exchange that gave up meanwhile sends nothing any more.
            if (!isOver) this.sent = 'maybe';
          },
          ...(rules.onProgress === undefined || request.preliminary
            ? {}
            : { onProgress: rules.onProgress }),
        },
      );
      rules.onOutcome(url.origin, wire.status >= 500 ? 'failed' : 'answered');
      if (wire.status >= 300 && wire.status < 400) {
        // The first request of two may have been processed, whatever happened to the second.
        if (sentBefore === 'no' && !request.preliminary) this.sent = 'refused';
        throw redirected(url.origin, wire.status);
      }
      return tokenReply(wire);
    } catch (error) {
      throw this.#judge(error, url.origin, sentBefore, request.preliminary);
    } finally {
      isOver = true;
    }
  }

  /** What a provider may ask without an intent must be public, and come first. */
  #checkPreliminary(request: TokenRequest): void {
    this.#preliminaries += 1;
    const { method, json, form } = request;
    const plain = method === 'GET' && json === undefined && form === undefined;
    const first = this.sent === 'no' && this.#preliminaries <= MOST_PRELIMINARIES;
    if (plain && first && secretsIn(request).length === 0) return;
    throw new TypeError(
      'A preliminary request is a GET without secrets, before any other request.',
    );
  }

  #judge(
    error: unknown,
    origin: string,
    sentBefore: EngineCall['sent'],
    preliminary = false,
  ): unknown {
    if (!(error instanceof ExchangeError)) return error;
    if (error.sent === 'no') this.sent = sentBefore;
    if (error.failure === 'not_admitted') return error.cause;
    if (error.failure !== 'aborted') this.rules.onOutcome(origin, 'failed');
    return exchangeFailed(error, origin, preliminary);
  }
}

const words: Record<ExchangeFailure, string> = {
  address_blocked: 'resolves to an address tokens are never sent to',
  connect: 'could not be reached',
  dns: 'could not be found by name',
  tls: 'did not prove who it is (TLS)',
  timeout: 'did not answer in time',
  reset: 'closed the connection without a reply',
  truncated: 'closed the connection in the middle of its reply',
  oversized: 'sent a reply larger than allowed',
  encoding: 'sent a reply in an encoding that cannot be read',
  malformed: 'sent a reply that is not HTTP',
  aborted: 'was not waited for',
  not_admitted: 'was not asked',
};

function exchangeFailed(
  { failure, sent: left }: ExchangeError,
  origin: string,
  preliminary: boolean,
): TokenError {
  const sent = preliminary ? 'no' : left;
  const unreadable = ['oversized', 'encoding', 'malformed', 'truncated'].includes(failure);
  const code: ErrorCode =
    sent === 'no'
      ? 'PROVIDER_UNAVAILABLE'
      : unreadable
        ? 'PROVIDER_PROTOCOL'
        : 'PROVIDER_OUTCOME_UNKNOWN';
  const known = preliminary
    ? 'It was asked for its metadata only.'
    : sent === 'no'
      ? 'Nothing was sent.'
      : 'The request may have been processed.';
  return new TokenError(code, `The authorization server ${origin} ${words[failure]}. ${known}`, {
    retryable: true,
    reason: failure,
  });
}

function redirected(origin: string, status: number): TokenError {
  return new TokenError(
    'PROVIDER_PROTOCOL',
    `The authorization server ${origin} answered with a redirect (HTTP ${status}), which is not ` +
      'followed: it would carry the credentials elsewhere. Check the base URL.',
    { reason: 'redirect_refused', status },
  );
}

function wireHeaders(
  request: TokenRequest,
  contentType: string | undefined,
): Record<string, string> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (contentType !== undefined) headers['Content-Type'] = contentType;
  for (const [name, value] of Object.entries(request.headers ?? {})) {
    const text = Secret.of(value).reveal();
    if (!HEADER_NAME.test(name)) throw new TypeError(`"${name}" is no name of a header.`);
    if (!HEADER_VALUE.test(text)) throw unsendable(name);
    for (const known of Object.keys(headers)) {
      if (known.toLowerCase() === name.toLowerCase()) delete headers[known];
    }
    headers[name] = text;
  }
  return headers;
}

/** Not the provider's bug: what stands in a header mostly comes from the credentials. */
function unsendable(header: string): TokenError {
  return new TokenError(
    'CONFIGURATION_INVALID',
    `The value of header "${header}" cannot be sent: only printable ASCII can. Correct what stands ` +
      'in it, of the credentials or the options of the provider. Nothing was sent.',
    { reason: 'header_value' },
  );
}

/** A printed secret in a request is a bug of the caller, and would be a riddle at the server. */
function refuseMask(...parts: string[]): void {
  const spellings = [Secret.mask, encodeURIComponent(Secret.mask)];
  if (!parts.some((part) => spellings.some((mask) => part.includes(mask)))) return;
  throw new TypeError(
    `A request contains "${Secret.mask}": a Secret was printed into it. Pass the Secret itself.`,
  );
}
