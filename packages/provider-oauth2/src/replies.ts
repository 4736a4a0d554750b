import {
  type ApiReply,
  type IssuedTokens,
  type JsonObject,
  type JsonValue,
  jsonAt,
  lifetimeFrom,
  type RefusalKind,
  refusalKindByOAuthError,
  refusalKindByStatus,
  refuse,
  TokenError,
  type TokenReply,
} from '@tokenkeep/core';
import type { OAuth2Settings } from './options.js';

/** What a request asked for; its refusal means something else for each. */
export type Asked =
  | 'client_credentials'
  | 'password'
  | 'jwt_bearer'
  | 'refresh_token'
  | 'authorization_code'
  | 'device_code'
  | 'endpoint';

/**
 * A token reply, unjudged (RFC 6749 section 5.1): what came after a refresh may be the only refresh
 * token there is, whatever else is wrong with the reply.
 */
export function readTokens(json: JsonObject, settings: OAuth2Settings): IssuedTokens {
  const refreshEnds = json.refresh_token_expires_in ?? json.refresh_expires_in;
  const usable = isUsable(json.token_type, settings);
  if (!usable && typeof json.refresh_token !== 'string') throw unusable();
  return {
    accessToken: usable ? json.access_token : undefined,
    tokenType: json.token_type,
    lifetimeMs: lifetimeFrom(json.expires_in),
    scope: json.scope,
    metadata: readMetadata(settings.metadata, json),
    ...(settings.refreshToken !== 'none' && {
      refreshToken: json.refresh_token,
      refreshLifetimeMs: lifetimeFrom(refreshEnds),
    }),
  };
}

/**
 * RFC 6749 section 7.1: a token of a type that is not understood must not be used. One that is bound
 * to a key (RFC 9449 section 5) is of use to who has the key.
 */
function isUsable(type: JsonValue | undefined, { dpopKey }: OAuth2Settings): boolean {
  const known = dpopKey === undefined ? /^bearer/i : /^bearer|^dpop$/i;
  return known.test(String(type ?? 'bearer'));
}

function unusable(): TokenError {
  return new TokenError(
    'PROVIDER_PROTOCOL',
    'The token_type of the reply is neither Bearer nor, for a provider with dpopKey, DPoP.',
    { reason: 'protocol' },
  );
}

/** @throws TokenError the refusal, also where it comes with HTTP 200 */
export function successIn(asked: Asked, reply: TokenReply): JsonObject {
  assertAccepted(asked, reply);
  return reply.json();
}

/** The same where the body does not matter. @throws TokenError the refusal */
export function assertAccepted(asked: Asked, reply: TokenReply): void {
  const code = errorCode(reply);
  if (reply.ok && code === undefined) return;
  const description = reply.jsonIfAny()?.error_description;
  throw refuse(kindOf(asked, reply, code), reply, { code, description });
}

/** RFC 6749 section 5.2 `error`, in the body or in the challenge. */
export function errorCode(reply: TokenReply): string | undefined {
  const inBody = textOf(reply.jsonIfAny()?.error);
  if (inBody !== undefined || reply.ok) return inBody;
  return challengeError(reply.header('www-authenticate'));
}

/** RFC 6750 section 3.1, RFC 9449 section 9, RFC 9470 section 3. */
const notAboutTheToken = /^(invalid_request|insufficient_.*|use_dpop_nonce|invalid_dpop_proof)$/;

/**
 * RFC 6750 section 3.1: a 401 that says `invalid_token`, or that gives no reason. Another reason is
 * not about the token: a DPoP proof without nonce, a login that is not recent enough. It stands in the
 * challenge; `error` in a body may be any word, and counts where it is one of these.
 */
export async function isTokenRejection(reply: ApiReply): Promise<boolean> {
  if (reply.status !== 401) return false;
  const code = challengeError(reply.headers.get('www-authenticate'));
  if (code !== undefined) return code === 'invalid_token';
  const word = textOf(jsonAt((await reply.json()) as JsonValue | undefined, 'error'));
  return !notAboutTheToken.test(word ?? '');
}

/** Beside RFC 6749: RFC 8707 section 2, RFC 9449 sections 5 and 8. All are the operator's. */
const aboutTheClient = ['invalid_target', 'invalid_dpop_proof', 'use_dpop_nonce'];

function kindOf(asked: Asked, reply: TokenReply, code: string | undefined): RefusalKind {
  const byStatus = refusalKindByStatus(reply.status);
  if (byStatus !== 'ambiguous') return byStatus;
  if (code !== undefined && aboutTheClient.includes(code)) return 'client_rejected';
  // RFC 6749 section 5.2: so is a client answered that could not prove who it is.
  const challenged = reply.status === 401 && reply.header('www-authenticate') !== undefined;
  const kind = refusalKindByOAuthError(code) ?? (challenged ? 'client_rejected' : 'ambiguous');
  if (kind !== 'grant_rejected') return kind;
  if (asked === 'password' || asked === 'jwt_bearer') return 'credentials_rejected';
  return asked === 'client_credentials' || asked === 'endpoint' ? 'client_rejected' : kind;
}

const LONGEST_LOOKED_INTO = 8_192;
const CHALLENGE_ERROR = /(?:^|[\s,])error\s?=\s?"?([\w.-]{1,64})/i;

function challengeError(challenge: string | null | undefined): string | undefined {
  return CHALLENGE_ERROR.exec(challenge?.slice(0, LONGEST_LOOKED_INTO) ?? '')?.[1];
}

function readMetadata(names: readonly string[], json: JsonObject): Record<string, string> {
  const facts = names.map((name) => [name, json[name]] as const);
  return Object.fromEntries(
    facts
      .filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
      .map(([name, value]) => [name, String(value)]),
  );
}

function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
