import type { TokenError } from '../errors/token-error.js';
import type { Secret } from '../token/secret.js';

/** The hardened way to the authorization server. One per operation; do not keep it. */
export interface ProviderCall {
  /** What the account was configured for, beyond its name. */
  readonly target: {
    readonly tenant?: string;
    readonly resource?: string;
    readonly scope?: string;
  };
  /** Aborts when the operation's hard limit is reached. Handed on to nobody but `send`. */
  readonly signal: AbortSignal;
  /**
   * Sends one request: no redirects, no retries, a fresh connection, a capped body, and not one
   * byte before the intent is durable. Resolves for every HTTP status but redirects.
   *
   * @throws TokenError `PROVIDER_UNAVAILABLE` when nothing was sent, `PROVIDER_OUTCOME_UNKNOWN`
   *   when something was, `PROVIDER_PROTOCOL` for a reply no server should give.
   */
  send(request: TokenRequest): Promise<TokenReply>;
  /**
   * Says that the server has processed nothing of what was sent so far: it answered with a challenge
   * (RFC 9449 section 8), or the refresh token is not in what was sent. What fails from here on
   * leaves no refresh token in doubt, until the next `send`.
   */
  nothingProcessed(): void;
  /**
   * Why the account's credentials cannot be had now, where it has some: they are `undefined` then. For a
   * provider to throw that cannot do without them.
   */
  readonly credentialsError?: TokenError;
  /** How long a token lives that ends at `endsAt` (ms, on the server's clock): see `TokenReply`. */
  lifetimeUntil(endsAt: number | undefined, reply: TokenReply): number | undefined;
}

/** A request to a token endpoint. Secrets stay `Secret` until they are on the wire. */
export interface TokenRequest {
  readonly method: 'GET' | 'POST' | 'DELETE' | 'PUT' | 'PATCH';
  /**
   * Absolute https URL; http only to loopback and only where the engine allows it. A `Secret` where an
   * API wants one in the path or the query.
   */
  readonly url: string | Secret;
  readonly headers?: Readonly<Record<string, string | Secret>>;
  /** Sent as JSON. Members may be secrets, at any depth. */
  readonly json?: unknown;
  /** Sent as `application/x-www-form-urlencoded`. Undefined members are left out. */
  readonly form?: Readonly<Record<string, string | Secret | undefined>>;
  /** Secrets that are in it in another form, signed or hashed: errors are cleaned of them as well. */
  readonly secrets?: readonly Secret[];
  /**
   * Asks for something public before the operation's own request: a server's metadata. A GET
   * without secrets; it makes no intent, spends nothing, and leaves nothing in doubt.
   */
  readonly preliminary?: boolean;
}

/** What came back. Bodies are at most 64 KiB after decoding. */
export interface TokenReply {
  readonly status: number;
  /** 200-299. */
  readonly ok: boolean;
  header(name: string): string | undefined;
  /** The server's `Date`, in milliseconds, when it sent a readable one. */
  readonly date: number | undefined;
  /** Milliseconds the server asked us to wait (RFC 9110 section 10.2.3), both forms. */
  readonly retryAfterMs: number | undefined;
  /** @throws TokenError `PROVIDER_PROTOCOL` unless the body is one JSON object. */
  json(): JsonObject;
  /** The same, or `undefined` where the body is anything else. */
  jsonIfAny(): JsonObject | undefined;
  /**
   * The body as text, for the rare API that speaks something else.
   *
   * @throws TokenError `PROVIDER_PROTOCOL` where a success does not say its length: a token may
   *   be cut off in it
   */
  text(): string;
}

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
/** Without prototype, so that no member name is special. */
export interface JsonObject {
  readonly [name: string]: JsonValue | undefined;
}

/** The member of `json` at a path, or `undefined`. */
export function jsonAt(json: JsonValue | undefined, ...path: string[]): JsonValue | undefined {
  return path.reduce<JsonValue | undefined>(
    (value, name) => (isJsonObject(value) ? value[name] : undefined),
    json,
  );
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
