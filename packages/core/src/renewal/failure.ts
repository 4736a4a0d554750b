import type { EpochMs } from '../clock/clock.js';
import type { Random } from '../clock/random.js';
import {
  forgetRequest,
  type GuardRequest,
  noteFailure,
  noteHeldBack,
  noteUnbelieved,
} from '../guard/guard.js';
import type { GuardReason, GuardState } from '../guard/guard-state.js';
import type { Parameters } from '../parameters/parameters.js';
import type { ProviderProfile } from '../provider/provider-profile.js';
import type { Refusal, RefusalKind } from '../provider/refusal.js';
import type { AccountRecord } from '../store/account-record.js';
import type { Verdict } from './incident-rows.js';

/** A request that brought no tokens, and everything needed to judge it. */
export interface Failure {
  /** What the server's "no" meant, if it said one. */
  readonly refusal: Refusal | undefined;
  readonly operation: 'refresh' | 'obtain';
  /** A single-use refresh token was on its way. */
  readonly rotating: boolean;
  readonly resend: boolean;
  /** The credentials hold another account's token. */
  readonly chained: boolean;
  /** Whether a byte may have left, or a reply proved that nothing was processed. */
  readonly sent: 'no' | 'maybe' | 'refused';
  /** The host's breaker kept the request back for so long. Milliseconds. */
  readonly heldBackMs: number | undefined;
  /** The record before the intent was written. */
  readonly before: AccountRecord;
  readonly request: GuardRequest;
  readonly profile: ProviderProfile;
  readonly parameters: Parameters;
  readonly random: Random;
  /** Keyed fingerprint of the credentials used, where any were. */
  readonly fingerprint: string | undefined;
  /** Whether a final no is believed; without one it is. */
  readonly verdict: Verdict | undefined;
}

export interface AfterFailure {
  readonly record: AccountRecord;
  /** The record now says something new: decide again instead of giving up. */
  readonly decideAgain: boolean;
  /** It was a final no, which many accounts of one provider may be given at once. */
  readonly final?: true;
}

/** What becomes of the record: the one place that says what each failure means. */
export function afterFailure(record: AccountRecord, f: Failure): AfterFailure {
  if (f.sent === 'no') return retry({ ...undone(record, f), guard: afterUnsent(record, f) });
  if (f.refusal !== undefined) return afterRefusal(record, f.refusal, f);
  if (f.sent === 'refused') return retry({ ...undone(record, f), guard: backOff(record.guard, f) });
  return afterUnknownOutcome(record, f);
}

/** RFC 6749 section 5.2: how a token endpoint refuses; some vendors do it with 200 and a code. */
function saysNo({ status, coded }: Refusal): boolean {
  return status === 400 || status === 401 || (status < 300 && coded);
}

/** "Not now", in words of the token endpoint itself, is a no like any other. A failure of it is not. */
function mayHaveProcessed(refusal: Refusal, { sent, profile }: Failure): boolean {
  if (sent === 'refused' || profile.notProcessed.includes(refusal.status)) return false;
  const notNow = refusal.kind === 'throttled' || refusal.kind === 'quota_exceeded';
  return !(notNow && refusal.coded && saysNo(refusal));
}

function afterRefusal(record: AccountRecord, refusal: Refusal, f: Failure): AfterFailure {
  const { kind, retryAfterMs } = refusal;
  const processed = mayHaveProcessed(refusal, f);
  switch (kind) {
    case 'grant_rejected':
    case 'credentials_rejected':
      return rejected(record, f);
    case 'ambiguous':
      // A proxy's 408 or 499, or a success that says no more: it may have rotated all the same.
      if (f.rotating && processed && !saysNo(refusal)) return afterUnknownOutcome(record, f);
      return afterAmbiguousRefusal(record, f);
    case 'upstream_rejected':
      // A bearer that is nobody's account is a credential like any other.
      if (!f.chained) return rejected(record, f);
      return retry({ ...undone(record, f), guard: backOff(record.guard, f) });
    case 'client_rejected':
      return retry({ ...undone(record, f), guard: backOff(record.guard, f) });
    case 'quota_exceeded':
    case 'throttled':
    case 'unavailable': {
      const floor = retryFloor(kind, retryAfterMs, f);
      if (processed && f.rotating) return afterUnknownOutcome(record, f, floor);
      return retry({ ...undone(record, f), guard: backOff(unforced(record.guard, f), f, floor) });
    }
  }
}

/** The server may have processed it: a rotation is in doubt from here on, and stays so. */
function afterUnknownOutcome(record: AccountRecord, f: Failure, floorMs?: number): AfterFailure {
  const guard = backOff(unforced(record.guard, f), f, floorMs);
  if (!f.rotating || record.sent === undefined) return retry({ ...record, guard });
  return { record: { ...record, guard, sent: { ...record.sent, ended: true } }, decideAgain: true };
}

/** A final no: to the refresh token, or to the login. */
function rejected(record: AccountRecord, f: Failure): AfterFailure {
  // The second no to one refresh token says what became of the first send, and nothing else.
  if (f.resend) return refreshTokenDead(record, f);
  const heldUntil = f.verdict?.heldUntil;
  if (heldUntil !== undefined) return { ...unbelieved(record, f, heldUntil), final: true };
  const after = f.operation === 'refresh' ? refreshTokenDead(record, f) : loginRejected(record, f);
  return { ...after, record: noted(after.record, f, [f.operation]), final: true };
}

/** Too many accounts are refused at once: as if it had not been tried, but not again so soon. */
function unbelieved(record: AccountRecord, f: Failure, until: EpochMs): AfterFailure {
  const next = noted(undone(record, f), f, []);
  const guard = noteUnbelieved(unforced(next.guard, f), until, f.parameters, f.random);
  return retry({ ...next, guard });
}

function noted(
  record: AccountRecord,
  { verdict }: Failure,
  believed: readonly Failure['operation'][],
): AccountRecord {
  if (verdict === undefined) return record;
  const { guard } = record;
  const all = [...(guard.refused?.believed ?? []), ...believed];
  return { ...record, guard: { ...guard, refused: { at: verdict.at, believed: all } } };
}

function refreshTokenDead(record: AccountRecord, f: Failure): AfterFailure {
  const { refresh, ...rest } = settled(record);
  return {
    record: {
      ...rest,
      ...(refresh === undefined ? {} : { refresh: { ...refresh, dead: true } }),
      reason: f.resend ? 'rotation_lost' : 'refresh_token_rejected',
      guard: freeStep(record.guard),
    },
    decideAgain: true,
  };
}

function loginRejected(record: AccountRecord, f: Failure): AfterFailure {
  const { fingerprint } = f;
  const latch = fingerprint === undefined ? {} : { rejectedCredentials: fingerprint };
  return {
    record: { ...undone(record, f), guard: { ...freeStep(record.guard), ...latch } },
    decideAgain: true,
  };
}

/** A 400 or 401 that does not say what it refuses: looked at three times before it is believed. */
function afterAmbiguousRefusal(record: AccountRecord, f: Failure): AfterFailure {
  const waits = f.parameters.ambiguousWaitsMs;
  const ambiguous = record.guard.ambiguous + 1;
  // A resend is refused once: a third send of one refresh token is never right.
  const wait = f.resend ? undefined : waits[ambiguous - 1];
  // One that is not believed stays at the last of its three nos.
  if (wait === undefined && f.verdict?.heldUntil !== undefined && !f.resend) {
    return rejected(record, f);
  }
  if (wait === undefined) {
    return rejected({ ...record, guard: { ...record.guard, ambiguous: 0 } }, f);
  }
  const guard = backOff({ ...record.guard, ambiguous }, f, wait, 'ambiguous_refusal');
  return retry({ ...undone(record, f), guard });
}

function retryFloor(kind: RefusalKind, retryAfterMs: number | undefined, f: Failure) {
  if (retryAfterMs !== undefined) return Math.min(retryAfterMs, f.parameters.parkMaxMs);
  if (kind !== 'quota_exceeded') return undefined;
  return f.profile.budgets.find(({ operation }) => operation === f.operation)?.refillMs;
}

function backOff(
  guard: GuardState,
  { request, parameters, random }: Failure,
  floorMs?: number,
  reason: GuardReason = 'retry_after',
): GuardState {
  const floor = floorMs === undefined ? undefined : { ms: floorMs, reason };
  return noteFailure(guard, request.now, parameters, random, floor);
}

/** A step down the ladder does not wait; the failure still counts. */
function freeStep(guard: GuardState): GuardState {
  return { ...guard, failures: guard.failures + 1, freeStep: true };
}

/**
 * This request changed nothing at the server: the record as if it had not been tried. What was in
 * doubt before it stays in doubt, and so does what left meanwhile: a failed login, or a throttled
 * resend, says nothing about another request's refresh token.
 */
function undone(record: AccountRecord, { before, rotating }: Failure): AccountRecord {
  if (!rotating) return record;
  return before.sent === undefined ? settled(record) : { ...record, sent: before.sent };
}

function afterUnsent(record: AccountRecord, f: Failure): GuardState {
  const guard = notAsked(record, f);
  const { heldBackMs, request, random } = f;
  return heldBackMs === undefined
    ? backOff(guard, f)
    : noteHeldBack(guard, request.now, heldBackMs, random);
}

function notAsked(record: AccountRecord, { before }: Failure): GuardState {
  return forgetRequest(record.guard, before.guard);
}

/** The server did not act on a forced renewal: it does not count as the generation's own. */
function unforced(guard: GuardState, { before }: Failure): GuardState {
  const { forcedAt: _at, ...rest } = guard;
  return before.guard.forcedAt === undefined ? rest : { ...rest, forcedAt: before.guard.forcedAt };
}

/** A reply that decided about the refresh token: nothing is in doubt any more. */
function settled(record: AccountRecord): AccountRecord {
  const { sent: _sent, ...rest } = record;
  return rest;
}

function retry(record: AccountRecord): AfterFailure {
  return { record, decideAgain: false };
}
