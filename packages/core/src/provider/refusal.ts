import type { ErrorCode } from '../errors/error-code.js';
import { TokenError } from '../errors/token-error.js';
import type { TokenReply } from './provider-call.js';

/**
 * What a server's "no" means for the account. The engine acts on the kind alone:
 *
 * - `grant_rejected`: the refresh token is dead (RFC 6749 `invalid_grant`). Log in.
 * - `credentials_rejected`: the login is wrong. Latched until the credentials change.
 * - `client_rejected`: the operator's client is wrong (`invalid_client`...). No account is marked.
 * - `upstream_rejected`: the bearer of another account was refused. That one is renewed.
 * - `quota_exceeded`: the vendor's own budget is used up. Waits for a refill.
 * - `throttled`: not now, nothing was done. Waits for Retry-After, or backs off.
 * - `unavailable`: the server failed. Backs off.
 * - `ambiguous`: a refusal that does not say what it refuses. Tried three times, then final.
 */
export type RefusalKind =
  | 'grant_rejected'
  | 'credentials_rejected'
  | 'client_rejected'
  | 'upstream_rejected'
  | 'quota_exceeded'
  | 'throttled'
  | 'unavailable'
  | 'ambiguous';

const codes: Record<RefusalKind, ErrorCode> = {
  grant_rejected: 'REAUTHORIZATION_REQUIRED',
  credentials_rejected: 'CREDENTIALS_REJECTED',
  client_rejected: 'CONFIGURATION_CLIENT_REJECTED',
  upstream_rejected: 'PROVIDER_UNAVAILABLE',
  quota_exceeded: 'PROVIDER_THROTTLED',
  throttled: 'PROVIDER_THROTTLED',
  unavailable: 'PROVIDER_UNAVAILABLE',
  ambiguous: 'PROVIDER_UNAVAILABLE',
};

/** What passes without anybody changing anything. */
const passing: ReadonlySet<RefusalKind> = new Set([
  'throttled',
  'unavailable',
  'quota_exceeded',
  'upstream_rejected',
]);

const mark = Symbol.for('tokenkeep.refusal');

export interface Refusal {
  readonly kind: RefusalKind;
  readonly status: number;
  readonly retryAfterMs: number | undefined;
  /** The server gave a code, known or not: it is the one that refuses, and not a proxy. */
  readonly coded: boolean;
}

/** The kind, with the server's own words, which are cleaned before anybody sees them. */
export interface RefusalWords {
  readonly code?: unknown;
  readonly description?: unknown;
}

/** Makes the error a provider throws for a reply that refuses. */
export function refuse(kind: RefusalKind, reply: TokenReply, words: RefusalWords = {}): TokenError {
  const code = text(words.code);
  const description = text(words.description);
  const said = code === undefined ? `HTTP ${reply.status}` : `HTTP ${reply.status}, ${code}`;
  const error = new TokenError(codes[kind], `The authorization server refused (${said}).`, {
    retryable: passing.has(kind),
    reason: kind,
    status: reply.status,
    ...(code === undefined ? {} : { providerCode: code }),
    ...(description === undefined ? {} : { providerMessage: description }),
  });
  const { status, retryAfterMs } = reply;
  const refusal: Refusal = { kind, status, retryAfterMs, coded: code !== undefined };
  return Object.defineProperty(error, mark, { value: refusal });
}

/** The refusal behind an error, if a provider made it with `refuse`. */
export function refusalOf(error: unknown): Refusal | undefined {
  return TokenError.is(error) ? (error as { [mark]?: Refusal })[mark] : undefined;
}

/**
 * The kind of a reply whose body says nothing: by status alone (RFC 9110 section 15). Providers
 * look for their vendor's words first and fall back to this.
 */
export function refusalKindByStatus(status: number): RefusalKind {
  if (status === 429) return 'throttled';
  if (status >= 500) return 'unavailable';
  return 'ambiguous';
}

/** Many APIs number their codes; 0 is the number of success. */
function text(value: unknown): string | undefined {
  if (Number.isFinite(value) && value !== 0) return String(value);
  return typeof value === 'string' && value.length > 0 ? value : undefined;
}
