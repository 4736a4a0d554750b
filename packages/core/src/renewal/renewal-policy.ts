import type { Parameters } from '../parameters/parameters.js';
import { type ProviderProfile, type SingleUse, singleUse } from '../provider/provider-profile.js';
import {
  type AccountRecord,
  msUntil,
  msUntilCounted,
  type SentAttempt,
} from '../store/account-record.js';
import type { StoreTime } from '../store/token-store.js';
import { type Validity, validityOf } from '../token/validity.js';
import { isAbout, type Trigger } from './trigger.js';

/** Everything the decision depends on; nothing else does. */
export interface Situation {
  readonly account: string;
  readonly record: AccountRecord;
  readonly profile: ProviderProfile;
  readonly time: StoreTime;
  readonly parameters: Parameters;
  readonly trigger: Trigger;
  readonly keepAlive: boolean;
  readonly canRefresh: boolean;
  /** Whether a login is possible, else why not. */
  readonly canObtain: true | 'no_credentials' | 'credentials_rejected';
  /** The account these tokens were made from has newer ones. */
  readonly upstreamMoved: boolean;
  /** The process that sent the attempt in doubt provably no longer runs. */
  readonly senderGone: boolean;
  /** Milliseconds since the store came back from an outage. */
  readonly sinceStoreReturnMs: number;
}

export type Decision =
  | { readonly step: 'nothing' }
  | { readonly step: 'refresh'; readonly resend: boolean }
  /** `otherwise`: why a person is needed where the provider cannot log in with the credentials. */
  | { readonly step: 'obtain'; readonly otherwise?: string }
  /** Nothing may be sent before `untilMs`, on the store's clock. */
  | { readonly step: 'wait'; readonly untilMs: number; readonly reason: 'in_doubt' }
  /** Only a person helps. */
  | { readonly step: 'reauthorize'; readonly reason: string }
  | { readonly step: 'refuse'; readonly reason: 'revoked' };

/**
 * The ladder: refresh, then log in, then ask for a person. Pure: a chain of checks of which the
 * first with an opinion wins.
 */
export function decideRenewal(s: Situation): Decision {
  return (
    whenRevoked(s) ??
    whenNotWanted(s) ??
    whenRotating(s) ??
    whenInDoubt(s) ??
    whenRefreshable(s) ??
    logIn(s, reasonWithoutRefresh(s))
  );
}

function whenRevoked({ record }: Situation): Decision | undefined {
  return record.state === 'revoked' ? { step: 'refuse', reason: 'revoked' } : undefined;
}

function whenNotWanted(s: Situation): Decision | undefined {
  return isWanted(s) ? undefined : { step: 'nothing' };
}

function isWanted(s: Situation): boolean | undefined {
  const { trigger, record } = s;
  switch (trigger.kind) {
    case 'refusal':
    case 'renew':
    case 'rotation':
      return isAbout(trigger, record);
    case 'schedule':
      if (record.state === 'idle') return false;
      // A doubt is settled while it can be, however long the old access token still serves.
      if (record.sent !== undefined) return true;
      return s.upstreamMoved || accessWanted(s) || refreshTokenAgeing(s);
    case 'caller':
      return (s.upstreamMoved && record.access?.sharesUpstream) || accessWanted(s);
  }
}

function accessWanted(s: Situation): boolean {
  const { account, record, profile, time, parameters } = s;
  const validity = validityOfRecord(account, record, parameters);
  if (validity === undefined || record.access === undefined || record.access.ended) return true;
  if (renewsAhead(profile, record)) {
    return msUntil(record.access.issuedAt, validity.advisoryMs, time) <= 0;
  }
  return !lives(s) || record.access.refused === true;
}

/** A token that is the upstream account's own has no window of its own: that one is renewed. */
export function renewsAhead(profile: ProviderProfile, record: AccountRecord): boolean {
  return profile.renewal === 'ahead' && !record.access?.sharesUpstream;
}

/** Keep-alive refreshes at half of the refresh token's life, whoever needs a token. */
function refreshTokenAgeing({ record, profile, time, keepAlive }: Situation): boolean {
  if (!keepAlive && profile.renewal !== 'ahead') return false;
  const leftMs = msUntilAged(record, time);
  return leftMs !== undefined && leftMs <= 0;
}

/**
 * Until half of the refresh token's life is over, counted from when it was last issued or used.
 * Whether a use prolongs one that is not replaced, only its server knows; another use right after
 * it does not.
 */
export function msUntilAged({ access, refresh }: AccountRecord, time: StoreTime) {
  if (refresh?.lifetimeMs === undefined) return undefined;
  const moments = [refresh.issuedAt, ...(access === undefined ? [] : [access.issuedAt])];
  const afterMs = refresh.lifetimeMs / 2;
  return Math.max(...moments.map((moment) => msUntil(moment, afterMs, time)));
}

function whenRotating(s: Situation): Decision | undefined {
  if (s.trigger.kind !== 'rotation') return undefined;
  return s.canObtain === true ? { step: 'obtain' } : { step: 'nothing' };
}

/**
 * A single-use refresh token left, and nobody knows whether the server processed it. Never
 * simply retried: by the profile it is resent, once, or given up for a login.
 */
function whenInDoubt(s: Situation): Decision | undefined {
  const { record, profile, time, parameters: p } = s;
  const { sent } = record;
  const rotation = singleUse(profile);
  if (sent === undefined || rotation === undefined) return undefined;
  const aged = agedMs(sent, time);

  if (sent.sends < 2 && graceLeftMs(sent, rotation, time, p) > 0) {
    return { step: 'refresh', resend: true };
  }
  const waitMs = Math.max(p.quarantineMs - aged, p.storeReturnMs - s.sinceStoreReturnMs);
  const settled = sent.ended === true || s.senderGone || waitMs <= 0;
  const untilSettled: Decision = { step: 'wait', untilMs: time.ms + waitMs, reason: 'in_doubt' };
  const mayResend = rotation.reuseGraceMs === 0 && profile.inDoubt === 'resend-once';
  if (mayResend && sent.sends < 2 && !record.refresh?.dead) {
    return settled ? { step: 'refresh', resend: true } : untilSettled;
  }
  if (s.canObtain === true && accessServes(s)) return { step: 'nothing' };
  return settled ? logIn(s, 'rotation_lost') : untilSettled;
}

/** How long a used refresh token may still be presented again; 0 or less: no more, or never. */
export function graceLeftMs(
  sent: SentAttempt,
  { reuseGraceMs }: SingleUse,
  time: StoreTime,
  { graceMarginMs }: Parameters,
): number {
  return reuseGraceMs > 0 ? reuseGraceMs - graceMarginMs - agedMs(sent, time) : 0;
}

function agedMs({ sentAt }: SentAttempt, time: StoreTime): number {
  return sentAt.epoch === time.epoch ? -msUntil(sentAt, 0, time) : Number.POSITIVE_INFINITY;
}

/** Nothing but an API's refusal asks for another token: the one at hand has not come to its end. */
export function isForced(s: Situation): boolean {
  const { record, profile, trigger } = s;
  if (trigger.kind === 'refusal') return true;
  const planned = trigger.kind !== 'caller' && trigger.kind !== 'schedule';
  if (planned || !record.access?.refused || record.sent !== undefined) return false;
  return !renewsAhead(profile, record) && !record.access.ended && lives(s);
}

/** The access token at hand can still be used: a login can wait. */
export function accessServes(s: Situation): boolean {
  const { refused, ended } = s.record.access ?? {};
  return !refused && !ended && s.trigger.kind !== 'refusal' && lives(s);
}

/** There is an access token, and its life is not over. */
function lives({ account, record, time, parameters }: Situation): boolean {
  const validity = validityOfRecord(account, record, parameters);
  if (validity === undefined || record.access === undefined) return false;
  return msUntil(record.access.issuedAt, validity.endsMs, time) > 0;
}

function whenRefreshable({ record, canRefresh, time }: Situation): Decision | undefined {
  const { refresh } = record;
  if (!canRefresh || refresh === undefined || refresh.dead) return undefined;
  const { lifetimeMs, issuedAt } = refresh;
  const left = lifetimeMs === undefined ? 1 : msUntilCounted(issuedAt, lifetimeMs, time);
  if (left <= 0) return undefined;
  return { step: 'refresh', resend: false };
}

function logIn({ canObtain }: Situation, reason: string): Decision {
  if (canObtain === true) return { step: 'obtain', otherwise: reason };
  return { step: 'reauthorize', reason: canObtain === 'no_credentials' ? reason : canObtain };
}

function reasonWithoutRefresh({ record }: Situation): string {
  if (record.refresh === undefined) return 'no_refresh_token';
  if (record.refresh.dead) return record.reason ?? 'refresh_token_rejected';
  return 'refresh_token_expired';
}

/** The windows of the record's access token, or `undefined` when it has none that ever lived. */
export function validityOfRecord(
  account: string,
  record: AccountRecord,
  parameters: Parameters,
): Validity | undefined {
  const lifetimeMs = record.access?.lifetimeMs ?? 0;
  if (lifetimeMs <= 0) return undefined;
  return validityOf(
    lifetimeMs,
    `${account}:${record.incarnation}:${record.generation}`,
    parameters,
  );
}
