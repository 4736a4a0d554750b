import {
  type ApiReply,
  type Inspection,
  type IssuedTokens,
  type JsonObject,
  type JsonValue,
  jsonAt,
  lifetimeFrom,
  type ProviderCall,
  type RefusalKind,
  refuse,
  type TokenError,
  type TokenReply,
} from '@tokenkeep/core';
import { z } from 'zod';

export type Operation = 'obtain' | 'refresh' | 'inspect';

const INVALID_TOKEN = 'ApiInvalidTokenError';

/**
 * The pair in a reply of `tokens.make` or `tokens.refresh`. End times are unix seconds on the
 * server's clock.
 *
 * @throws TokenError the refusal, also where it comes with HTTP 200
 */
export function readPair(
  operation: Operation,
  reply: TokenReply,
  call: ProviderCall,
): IssuedTokens {
  const json = successIn(operation, reply);
  const cabinetUserId = jsonAt(json, 'data', 'cabinetUserId');
  return {
    accessToken: jsonAt(json, 'data', 'accessToken'),
    lifetimeMs: lifetimeUntil(jsonAt(json, 'data', 'accessTokenEndTime'), reply, call),
    refreshToken: jsonAt(json, 'data', 'refreshToken'),
    refreshLifetimeMs: lifetimeUntil(jsonAt(json, 'data', 'refreshTokenEndTime'), reply, call),
    metadata: isScalar(cabinetUserId) ? { cabinetUserId: String(cabinetUserId) } : {},
  };
}

/** A reply of `tokens.check`. @throws TokenError the refusal, where it is not about the token */
export function readCheck(reply: TokenReply, call: ProviderCall): Inspection {
  if (codeIn(reply.jsonIfAny()) === INVALID_TOKEN) return { active: false };
  const json = successIn('inspect', reply);
  const lifetimeMs = lifetimeUntil(jsonAt(json, 'data', 'accessTokenEndTime'), reply, call);
  return { active: true, ...(lifetimeMs === undefined ? {} : { lifetimeMs }) };
}

const tokenRejection = z.object({
  success: z.literal(false),
  error: z.object({ code: z.literal(INVALID_TOKEN) }),
});

/** Whatever the status: clients have seen 200, 401 and 403. */
export async function isTokenRejection(reply: ApiReply): Promise<boolean> {
  return tokenRejection.safeParse(await reply.json()).success;
}

function successIn(operation: Operation, reply: TokenReply): JsonObject {
  if (!reply.ok || jsonAt(reply.jsonIfAny(), 'success') === false) {
    throw refusal(operation, reply);
  }
  return reply.json();
}

function refusal(operation: Operation, reply: TokenReply): TokenError {
  const json = reply.jsonIfAny();
  return refuse(kindOf(operation, reply.status, json), reply, {
    code: codeIn(json),
    description: jsonAt(json, 'error', 'message'),
  });
}

function kindOf(operation: Operation, status: number, json: JsonObject | undefined): RefusalKind {
  const code = codeIn(json);
  if (operation === 'refresh' && code === INVALID_TOKEN) return 'grant_rejected';
  if (status === 429 || (typeof code === 'string' && /limit/i.test(code))) {
    return operation === 'obtain' ? 'quota_exceeded' : 'throttled';
  }
  if (status >= 500) return 'unavailable';
  // The code for a wrong password is not documented. A 200 that refuses is too little to latch on.
  const refused = status >= 400 && json?.success === false;
  return operation === 'obtain' && refused ? 'credentials_rejected' : 'ambiguous';
}

function lifetimeUntil(
  endTime: JsonValue | undefined,
  reply: TokenReply,
  call: ProviderCall,
): number | undefined {
  return call.lifetimeUntil(lifetimeFrom(endTime), reply);
}

function codeIn(json: JsonObject | undefined): JsonValue | undefined {
  return jsonAt(json, 'error', 'code');
}

function isScalar(value: JsonValue | undefined): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}
