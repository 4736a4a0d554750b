import {
  type ApiReply,
  type IssuedTokens,
  type JsonValue,
  type ProviderCall,
  type RefusalKind,
  refusalKindByOAuthError,
  refusalKindByStatus,
  refuse,
  Secret,
  type TokenReply,
} from '@tokenkeep/core';
import { fits, fitsAny, looksAtWords } from './conditions.js';
import type { Operation } from './declaration.js';
import type { Declared, ReplyPlaces } from './declaration-schema.js';
import { readLifetime } from './lifetimes.js';
import { mapMembers } from './map-members.js';
import { type ReplyFacts, scalarsAt, textAt, valueAt } from './reply-values.js';

/**
 * @param apart the refresh token was not in the request: the reply says nothing of that
 * @throws TokenError the refusal, at whatever status it came
 */
export function assertAccepted(
  declared: Declared,
  operation: Operation,
  reply: TokenReply,
  apart?: boolean,
): void {
  const facts = factsOf(reply);
  const { words, oauthErrors, refused } = declared;
  const error = valueAt(facts.json, 'error');
  const said = oauthErrors && error && typeof error === 'string';
  if (reply.ok && !said && !fitsAny(facts, refused)) return;
  const code = textAt(facts.json, words.code) ?? textAt(facts.json, 'error');
  const description = textAt(facts.json, words.description);
  const kind = kindOf(declared, operation, facts, code);
  throw refuse(apart && ENDS_GRANT.test(kind) ? 'unavailable' : kind, reply, { code, description });
}

/** At once, or the third time. */
const ENDS_GRANT = /^(grant_rejected|ambiguous)$/;

/** @throws TokenError where the first of two requests brought nothing to go on with */
export function takenFrom(
  reply: TokenReply,
  take: Readonly<Record<string, string>>,
  apart: boolean,
): Record<string, Secret> {
  return mapMembers(take, (at) => {
    const value = textAt(reply.jsonIfAny(), at);
    if (value === undefined) throw refuse(apart ? 'unavailable' : 'ambiguous', reply);
    return new Secret(value);
  });
}

export function readTokens(
  { refresh }: Declared,
  places: ReplyPlaces,
  reply: TokenReply,
  call: ProviderCall,
): IssuedTokens {
  const {
    accessToken = 'access_token',
    refreshToken = 'refresh_token',
    tokenType = 'token_type',
    scope = 'scope',
    lifetime = { at: 'expires_in', as: 'seconds' },
    metadata = {},
  } = places;
  const json = reply.json();
  const lifeOf = (lifetime: ReplyPlaces['lifetime']) =>
    lifetime && readLifetime(lifetime, json, reply, call);
  return {
    accessToken: valueAt(json, accessToken),
    tokenType: valueAt(json, tokenType),
    lifetimeMs: lifeOf(lifetime),
    scope: valueAt(json, scope),
    metadata: scalarsAt(json, metadata),
    ...(refresh === undefined
      ? {}
      : {
          refreshToken: valueAt(json, refreshToken),
          refreshLifetimeMs: lifeOf(places.refreshLifetime),
        }),
  };
}

export function factsOf(reply: TokenReply): ReplyFacts {
  return { status: reply.status, json: reply.jsonIfAny(), header: (name) => reply.header(name) };
}

export async function isTokenRejection({ rejected }: Declared, reply: ApiReply): Promise<boolean> {
  const json = (await reply.json()) as JsonValue | undefined;
  const header = (name: string) => reply.headers.get(name) ?? undefined;
  return fitsAny({ status: reply.status, json, header }, rejected);
}

/** The vendor's words first, at any status; then RFC 6749's; then the status alone. */
function kindOf(
  { refusals, oauthErrors }: Declared,
  operation: Operation,
  facts: ReplyFacts,
  code: string | undefined,
): RefusalKind {
  const rules = refusals.filter((each) => each.on?.includes(operation) !== false);
  const fitting = rules.filter((each) => fits(facts, each));
  const rule = fitting.find(looksAtWords) ?? fitting[0];
  if (rule !== undefined) return rule.kind;
  const byStatus = refusalKindByStatus(facts.status);
  if (byStatus !== 'ambiguous') return byStatus;
  const kind = (oauthErrors ? refusalKindByOAuthError(code) : undefined) ?? 'ambiguous';
  if (kind !== 'grant_rejected' || operation === 'refresh') return kind;
  // RFC 6749 section 5.2 has one code for a dead refresh token and for a wrong login.
  return operation === 'obtain' ? 'credentials_rejected' : 'ambiguous';
}
