import {
  type IssuedTokens,
  type JsonObject,
  type JsonValue,
  jsonAt,
  lifetimeFrom,
  type ProviderCall,
  type RefusalKind,
  refusalKindByOAuthError,
  refusalKindByStatus,
  refuse,
  type TokenError,
  type TokenReply,
} from '@tokenkeep/core';
import { DateTime } from 'luxon';
import type { AuthRefreshSettings, LifetimeField, RefreshTokenArrival } from './options.js';

export type Operation = 'obtain' | 'refresh';
type ReplySettings = AuthRefreshSettings['reply'];

/**
 * The tokens in a reply to a login or a refresh.
 *
 * @throws TokenError the refusal, also where it comes with HTTP 200
 */
export function readTokens(
  operation: Operation,
  reply: TokenReply,
  call: ProviderCall,
  settings: ReplySettings,
): IssuedTokens {
  if (!reply.ok || memberAt(reply.jsonIfAny(), settings.success) === false) {
    throw refusal(operation, reply, settings);
  }
  const json = reply.json();
  return {
    accessToken: memberAt(json, settings.accessToken),
    lifetimeMs: readLifetime(settings.accessLifetime, json, reply, call),
    refreshToken: readRefreshToken(settings.refreshToken, json, reply),
    refreshLifetimeMs: readLifetime(settings.refreshLifetime, json, reply, call),
    metadata: readMetadata(settings.metadata, json),
  };
}

function refusal(operation: Operation, reply: TokenReply, settings: ReplySettings): TokenError {
  const json = reply.jsonIfAny();
  const code = firstText(json, 'error.code', 'error', 'code');
  const description = firstText(json, 'message', 'error_description', 'error.message');
  const refused = memberAt(json, settings.success) === false;
  const explained = refused || code !== undefined || description !== undefined;
  const kind = kindOf(operation, reply.status, { code, refused, explained });
  return refuse(kind, reply, { code, description });
}

interface Words {
  readonly code: string | undefined;
  /** The body says `success: false`. */
  readonly refused: boolean;
  /** The body says anything that was meant to be read. */
  readonly explained: boolean;
}

function kindOf(
  operation: Operation,
  status: number,
  { code, refused, explained }: Words,
): RefusalKind {
  const byStatus = refusalKindByStatus(status);
  if (byStatus !== 'ambiguous') return byStatus;
  const named = refusalKindByOAuthError(code);
  // RFC 6749 section 5.2 has one code for a dead refresh token and for a wrong password.
  if (named === 'grant_rejected' && operation === 'obtain') return 'credentials_rejected';
  if (named !== undefined) return named;
  const denied = status === 401 || status === 403;
  if (operation === 'refresh') return denied && refused ? 'grant_rejected' : 'ambiguous';
  if (denied && explained) return 'credentials_rejected';
  // A login without what the server requires: the options are wrong, not the person.
  return status === 400 && explained ? 'client_rejected' : 'ambiguous';
}

function readLifetime(
  { path, as }: LifetimeField,
  json: JsonObject,
  reply: TokenReply,
  call: ProviderCall,
): number | undefined {
  const value = memberAt(json, path);
  switch (as) {
    case 'seconds':
      return lifetimeFrom(value);
    case 'milliseconds':
      return lifetimeFrom(value, 1);
    case 'unix-seconds':
      return call.lifetimeUntil(lifetimeFrom(value), reply);
    case 'unix-milliseconds':
      return call.lifetimeUntil(unixMilliseconds(value), reply);
    case 'datetime':
      return call.lifetimeUntil(datetime(value), reply);
  }
}

function unixMilliseconds(value: JsonValue | undefined): number | undefined {
  // Longer than the digits `lifetimeFrom` takes.
  const digits = typeof value === 'string' && /^\d{1,15}$/.test(value);
  return lifetimeFrom(digits ? Number(value) : value, 1);
}

// Without an offset luxon would read a time in the zone of this machine.
const DATETIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)$/;

function datetime(value: JsonValue | undefined): number | undefined {
  if (typeof value !== 'string' || !DATETIME.test(value)) return undefined;
  const read = DateTime.fromISO(value, { setZone: true });
  return read.isValid ? read.toMillis() : undefined;
}

function readRefreshToken(
  place: RefreshTokenArrival,
  json: JsonObject,
  reply: TokenReply,
): JsonValue | undefined {
  if (place.in === 'json') return memberAt(json, place.path);
  if (place.in === 'header') return reply.header(place.name);
  return cookieIn(reply.header('set-cookie'), place.name);
}

/** RFC 6265 section 5.2: the name and value before the first semicolon. */
function cookieIn(line: string | undefined, name: string): string | undefined {
  const [pair = ''] = line?.split(';') ?? [];
  const prefix = `${name}=`;
  return pair.startsWith(prefix) ? pair.slice(prefix.length).trim() : undefined;
}

function readMetadata(
  paths: Readonly<Record<string, string>>,
  json: JsonObject,
): Record<string, string> {
  const facts = Object.entries(paths).map(([name, path]) => [name, memberAt(json, path)] as const);
  return Object.fromEntries(
    facts.filter(([, value]) => isScalar(value)).map(([name, value]) => [name, String(value)]),
  );
}

function firstText(json: JsonObject | undefined, ...paths: string[]): string | undefined {
  return paths
    .map((path) => memberAt(json, path))
    .find((value): value is string => typeof value === 'string' && value !== '');
}

function memberAt(json: JsonObject | undefined, path: string): JsonValue | undefined {
  return jsonAt(json, ...path.split('.'));
}

function isScalar(value: JsonValue | undefined): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}
