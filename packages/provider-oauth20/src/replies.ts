import {
  type ApiReply,
  type IssuedTokens,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  jsonAt,
  lifetimeFrom,
  type RefusalKind,
  refusalKindByOAuthError,
  refusalKindByStatus,
  refuse,
  type Secret,
  type TokenReply,
} from '@tokenkeep/core';
import type { OAuth20Settings } from './options.js';

/** What a request asked for; its refusal means something else for each. */
export type Asked =
  | 'client_credentials'
  | 'password'
  | 'refresh_token'
  /** GET with a bearer of somebody else. */
  | 'foreign-bearer'
  /** GET with a bearer that was granted to us. */
  | 'own-bearer'
  | 'revoke';

/** @throws TokenError the refusal, also where it comes with HTTP 200 */
export function successIn(asked: Asked, reply: TokenReply): JsonObject {
  assertAccepted(asked, reply);
  return reply.json();
}

/** The same where the body does not matter. @throws TokenError the refusal */
export function assertAccepted(asked: Asked, reply: TokenReply): void {
  const words = refusalWords(reply);
  if (reply.ok && words.code === undefined) return;
  throw refuse(kindOf(asked, reply.status, words.code), reply, words);
}

/** A reply of the token endpoint, in any of its forms: bare or inside `token`. */
export function readGrant(json: JsonObject, settings: OAuth20Settings): IssuedTokens {
  return {
    accessToken: memberOf(json, 'access_token', 'accessToken'),
    tokenType: memberOf(json, 'token_type', 'tokenType'),
    lifetimeMs: lifetimeFrom(memberOf(json, 'expires_in', 'expiresIn')),
    scope: memberOf(json, 'scope'),
    ...(settings.refreshToken === 'none'
      ? {}
      : { refreshToken: memberOf(json, 'refresh_token', 'refreshToken') }),
  };
}

/** A reply of the access-token resource to `bearer`. */
export function readResource(
  json: JsonObject,
  bearer: Secret,
  settings: OAuth20Settings,
): IssuedTokens {
  const issued = memberOf(json, 'access_token', 'accessToken') ?? tokenText(json);
  const accessToken = {
    either: issued ?? bearer.reveal(),
    token: issued,
    session: bearer.reveal(),
  }[settings.resource];
  return {
    accessToken,
    tokenType: memberOf(json, 'token_type', 'tokenType'),
    lifetimeMs: lifetimeFrom(memberOf(json, 'expires_in', 'expiresIn')),
    metadata: readMetadata(settings.metadata, json),
    sharesUpstreamToken: accessToken === bearer.reveal(),
  };
}

/** Whether a refusal says that the token is unknown, ended or revoked (RFC 6750 section 3.1). */
export function saysInvalidToken(reply: TokenReply): boolean {
  return reply.status === 401 && refusalWords(reply).code === 'invalid_token';
}

/**
 * A 401 that says `invalid_token`, in its JSON body or in its challenge (RFC 6750 section 3). XML
 * cannot be read here; a 401 in XML counts, because an API that means a permission says 403.
 */
export async function isTokenRejection(reply: ApiReply): Promise<boolean> {
  if (reply.status !== 401) return false;
  const body = (await reply.json()) as JsonValue | undefined;
  const code = errorIn(body)?.code ?? challengeError(reply.headers.get('www-authenticate'));
  if (code !== undefined) return code === 'invalid_token';
  return body === undefined && /\bxml\b/i.test(reply.headers.get('content-type') ?? '');
}

function kindOf(asked: Asked, status: number, code: string | undefined): RefusalKind {
  if (code === 'rate-limit-quota-exceeded') return 'throttled';
  const byStatus = refusalKindByStatus(status);
  if (byStatus !== 'ambiguous') return byStatus;
  if (code === 'invalid_token' && asked === 'foreign-bearer') return 'upstream_rejected';
  // The only token in a refresh is the refresh token.
  if (code === 'invalid_token' && asked === 'refresh_token') return 'grant_rejected';
  const kind = refusalKindByOAuthError(code) ?? 'ambiguous';
  if (kind !== 'grant_rejected' || asked === 'refresh_token') return kind;
  return asked === 'password' ? 'credentials_rejected' : 'client_rejected';
}

interface Words {
  readonly code?: string;
  readonly description?: string;
}

function refusalWords(reply: TokenReply): Words {
  const inBody = errorIn(reply.jsonIfAny());
  if (inBody !== undefined || reply.ok) return inBody ?? {};
  const code = challengeError(reply.header('www-authenticate')) ?? xmlCode(reply.text());
  return code === undefined ? {} : { code };
}

/** `errors.error[]` of the vendor, or `error` of RFC 6749 section 5.2. */
function errorIn(json: JsonValue | undefined): Words | undefined {
  const listed = jsonAt(json, 'errors', 'error');
  const vendor = Array.isArray(listed) ? listed[0] : listed;
  const code = textOf(jsonAt(vendor, 'code') ?? jsonAt(json, 'error'));
  if (code === undefined) return undefined;
  const description = textOf(jsonAt(vendor, 'description') ?? jsonAt(json, 'error_description'));
  return { code, ...(description === undefined ? {} : { description }) };
}

const LONGEST_LOOKED_INTO = 8_192;
const XML_CODE = /<(?:[\w.-]{1,32}:)?code(?:\s[^<>]{0,200})?>\s{0,100}([\w.-]{1,64})/i;
const CHALLENGE_ERROR = /(?:^|[\s,])error\s?=\s?"?([\w.-]{1,64})/i;

/** Other resources of the vendor speak XML by default, and so may a refusal. */
function xmlCode(text: string): string | undefined {
  return XML_CODE.exec(text.slice(0, LONGEST_LOOKED_INTO))?.[1];
}

function challengeError(challenge: string | null | undefined): string | undefined {
  return CHALLENGE_ERROR.exec(challenge?.slice(0, LONGEST_LOOKED_INTO) ?? '')?.[1];
}

/** The first of these members that is there, inside `token` or beside it. */
function memberOf(json: JsonObject, ...names: string[]): JsonValue | undefined {
  const places = isJsonObject(json.token) ? [json.token, json] : [json];
  return places
    .flatMap((place) => names.map((name) => place[name]))
    .find((value) => value !== undefined && value !== null);
}

function tokenText(json: JsonObject): string | undefined {
  return textOf(json.token);
}

function readMetadata(names: readonly string[], json: JsonObject): Record<string, string> {
  const facts = names.map((name) => [name, json[name]] as const);
  return Object.fromEntries(
    facts.filter(([, value]) => isScalar(value)).map(([name, value]) => [name, String(value)]),
  );
}

function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function isScalar(value: JsonValue | undefined): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}
