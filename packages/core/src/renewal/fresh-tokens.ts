import type { TokenEvents } from '../events/events.js';
import { type GuardRequest, noteFailure, noteUsable } from '../guard/guard.js';
import type { GuardState } from '../guard/guard-state.js';
import type { KnownAccount } from '../provider/account-registry.js';
import type {
  AccessRecord,
  AccountRecord,
  Deadline,
  RefreshRecord,
  RetiringTokens,
  UpstreamToken,
} from '../store/account-record.js';
import type { RecordPlace, SealedAccess } from '../store/sealed-tokens.js';
import type { Judgement } from '../token/judge-issued-tokens.js';
import type { Secret } from '../token/secret.js';
import type { RefreshGrant, TokenSet } from '../token/token-set.js';
import type { RenewalServices } from './renewal-services.js';
import { retiringTokens } from './retiring-tokens.js';
import { accessRecord, refreshRecord } from './token-records.js';

/** One reply turned into the next generation, sealed, ready for escrow and commit. */
export interface FreshTokens {
  readonly incarnation: string;
  readonly generation: number;
  readonly committedBy: string;
  readonly access?: AccessRecord;
  readonly refresh?: RefreshRecord;
  readonly guard: GuardState;
  readonly upstream?: UpstreamToken;
  readonly rotateAt?: number;
  /** The tokens these replace, to be ended at the server. */
  readonly retiring?: RetiringTokens;
}

/** The record with the new generation in it; what others changed meanwhile stays. */
export function withFreshTokens(record: AccountRecord, fresh: FreshTokens): AccountRecord {
  const { sent, reason, sessionEnded, access, refresh, upstream, rotateAt, ...kept } = record;
  const { retiring, ...tokens } = fresh;
  return {
    ...kept,
    ...tokens,
    state: 'live',
    retiring: retiring === undefined ? kept.retiring : [...kept.retiring, retiring],
  };
}

/** What the new generation is made from. */
export interface FreshSource {
  readonly account: KnownAccount;
  /** The record the request was based on, intent included. */
  readonly record: AccountRecord;
  readonly operation: 'refresh' | 'obtain';
  readonly attemptId: string;
  readonly issuedAt: Deadline;
  readonly request: GuardRequest;
  readonly previous: { readonly access?: SealedAccess; readonly refresh?: Secret };
  readonly upstream: UpstreamToken | undefined;
  readonly incarnation: string;
  readonly generation: number;
  /** The old token is to be deleted once callers have the new one. */
  readonly rotation: boolean;
}

export interface Fresh {
  readonly tokens: FreshTokens;
  readonly access: SealedAccess | undefined;
  readonly anomalies: readonly Anomaly[];
}

type Anomaly = TokenEvents['anomaly:detected']['kind'];

type Services = Pick<RenewalServices, 'tokens' | 'parameters' | 'random'>;

/** Seals a usable reply as the next generation. */
export function freshTokens(services: Services, source: FreshSource, set: TokenSet): Fresh {
  const { account, request, previous } = source;
  const place = placeOf(source);
  const access = { token: set.accessToken, metadata: set.metadata };
  const unchanged = previous.access?.token.equals(set.accessToken) ?? false;
  const expired = set.lifetime.ms === 0;
  const shared = set.sharesUpstreamToken && source.upstream !== undefined;
  const anomalies = anomaliesOf(set, unchanged, account.config.scope);
  if (shared && account.config.rotateEveryMs !== undefined) anomalies.push('rotation_unsupported');
  const refresh = nextRefresh(services, source, set.refresh);
  return {
    access,
    anomalies,
    tokens: {
      ...base(source),
      guard: guardAfter(services, accepted(source), request, set, { unchanged, expired }),
      access: {
        ...accessRecord(services.tokens, place, set, source.issuedAt),
        ...(unchanged || expired ? { noProgress: true } : {}),
        ...(shared ? { sharesUpstream: true } : {}),
      },
      ...(refresh === undefined ? {} : { refresh }),
      // Another account's token is that account's to rotate.
      ...(shared ? {} : rotationFacts(services, source, unchanged)),
    },
  };
}

/**
 * A reply whose access token is unusable but whose refresh token is new: that one is kept, or
 * the account would be lost. The old access token serves on.
 */
export function freshRefreshTokenOnly(
  services: Services,
  source: FreshSource,
  { refresh, error }: Judgement & { usable: false; refresh: RefreshGrant },
): Fresh {
  const { record, previous, request } = source;
  const place = placeOf(source);
  const kept = previous.access;
  const sealed = nextRefresh(services, source, refresh);
  return {
    access: kept,
    anomalies: [error.reason === 'expired_on_arrival' ? error.reason : 'refresh_token_only'],
    tokens: {
      ...base(source),
      guard: noteFailure(record.guard, request.now, services.parameters, services.random),
      ...(record.access === undefined || kept === undefined
        ? {}
        : { access: keptAccess(record.access, services.tokens.sealAccess(place, kept)) }),
      ...(sealed === undefined ? {} : { refresh: sealed }),
    },
  };
}

/** It lives on under a new number, which is no progress: else its age would reset the backoff. */
function keptAccess(access: AccessRecord, sealed: string): AccessRecord {
  return { ...access, sealed, noProgress: true };
}

function base({ incarnation, generation, attemptId, upstream }: FreshSource) {
  return {
    incarnation,
    generation,
    committedBy: attemptId,
    ...(upstream === undefined ? {} : { upstream }),
  };
}

function placeOf({ account, incarnation, generation }: FreshSource): RecordPlace {
  return { account: account.id, incarnation, generation };
}

/** A reply without a refresh token keeps the old one (RFC 6749 section 6), sealed anew. */
function nextRefresh(
  { tokens }: Services,
  source: FreshSource,
  grant: RefreshGrant | undefined,
): RefreshRecord | undefined {
  const place = placeOf(source);
  if (grant !== undefined) return refreshRecord(tokens, place, grant, source.issuedAt);
  const { record, previous, operation } = source;
  if (operation === 'obtain' || record.refresh === undefined || previous.refresh === undefined) {
    return undefined;
  }
  return { ...record.refresh, sealed: tokens.sealRefresh(place, previous.refresh) };
}

/**
 * Credentials that log in are not rejected any more, whatever was said of them before; and of
 * refusals that named no reason, only those in a row count.
 */
function accepted({ operation, record: { guard } }: FreshSource): GuardState {
  const known = { ...guard, ambiguous: 0 };
  const { rejectedCredentials: _latch, ...unlatched } = known;
  return operation === 'obtain' ? unlatched : known;
}

function guardAfter(
  { parameters: p, random }: Services,
  guard: GuardState,
  request: GuardRequest,
  set: TokenSet,
  { unchanged, expired }: { unchanged: boolean; expired: boolean },
): GuardState {
  if (expired) return noteFailure(guard, request.now, p, random);
  if (!unchanged) return noteUsable(guard, request, p);
  const half = Math.max(Math.min(p.gapMs, set.lifetime.ms / 10), set.lifetime.ms / 2);
  return noteFailure(guard, request.now, p, random, { ms: half, reason: 'unchanged_token' });
}

/** When the next rotation is due, and after one what is to be deleted: never a token in use. */
function rotationFacts(services: Services, source: FreshSource, unchanged: boolean) {
  const { account, record, previous, rotation, operation, issuedAt } = source;
  const { rotateEveryMs } = account.config;
  const rotateAt =
    rotateEveryMs === undefined
      ? {}
      : operation === 'obtain' || record.rotateAt === undefined
        ? { rotateAt: issuedAt.ms + rotateEveryMs }
        : { rotateAt: record.rotateAt };
  if (!rotation || unchanged || previous.access === undefined) return rotateAt;
  const secrets = {
    access: previous.access.token,
    ...(previous.refresh === undefined ? {} : { refresh: previous.refresh }),
  };
  const after = issuedAt.ms + services.parameters.drainMs;
  const retiring = retiringTokens(services, account.id, record, secrets, after);
  return { ...rotateAt, retiring };
}

function anomaliesOf(set: TokenSet, unchanged: boolean, wanted: string | undefined): Anomaly[] {
  const { verdict } = set.lifetime;
  return [
    ...(verdict === 'clamped' ? (['lifetime_clamped'] as const) : []),
    ...(verdict === 'default' ? (['lifetime_missing'] as const) : []),
    ...(verdict === 'expired_on_arrival' ? (['expired_on_arrival'] as const) : []),
    ...(unchanged ? (['unchanged_token'] as const) : []),
    ...(lacksScope(set.scope, wanted) ? (['scope_reduced'] as const) : []),
  ];
}

/** Whether a granted scope, when stated, lacks part of a wanted one (RFC 6749 section 3.3). */
export function lacksScope(granted: string | undefined, wanted: string | undefined): boolean {
  if (granted === undefined || wanted === undefined) return false;
  const has = new Set(granted.split(' '));
  return wanted.split(' ').some((scope) => scope !== '' && !has.has(scope));
}
