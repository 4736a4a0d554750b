import type { AccountConfig } from '../account/account-config.js';
import type { EpochMs } from '../clock/clock.js';
import type { Parameters } from '../parameters/parameters.js';
import { type ProviderProfile, singleUse } from '../provider/provider-profile.js';
import {
  type AccountRecord,
  type Deadline,
  msUntil,
  type SentAttempt,
} from '../store/account-record.js';
import type { StoreTime } from '../store/token-store.js';
import { graceLeftMs, msUntilAged, validityOfRecord } from './renewal-policy.js';

/** When somebody must look at an account next, on the store's clock, and what for. */
export interface NextAction {
  readonly at: EpochMs;
  readonly action:
    | 'renew'
    | 'keep_alive'
    | 'rotate'
    | 'revoke'
    | 'end_session'
    | 'settle_doubt'
    | 'review';
}

export interface Plan {
  readonly account: string;
  readonly config: AccountConfig | undefined;
  readonly profile: ProviderProfile;
  /** The provider can end a token at the server. */
  readonly revocable: boolean;
  readonly parameters: Parameters;
  /** The account these tokens were made from has newer ones. */
  readonly upstreamMoved: boolean;
  /** The process that sent the attempt in doubt provably no longer runs. */
  readonly senderGone: boolean;
}

/**
 * The record is the schedule: this is computed from it at every change and written beside it in
 * the same compare-and-set, so that there is no second truth.
 */
export function nextAction(
  plan: Plan,
  record: AccountRecord,
  time: StoreTime,
): NextAction | undefined {
  const renewals = record.state === 'live' ? renewalActions(plan, record, time) : [];
  const floor = record.guard.freeStep ? 0 : (record.guard.notBefore ?? 0);
  const actions = [
    ...renewals.map((next) => ({ ...next, at: Math.max(next.at, floor) })),
    ...record.retiring.map(({ after }) => ({ at: after, action: 'revoke' as const })),
    ...sessionEnd(plan, record),
    ...review(plan, record),
  ];
  return actions.sort((a, b) => a.at - b.at)[0];
}

/** A person is asked for because of a no that may turn out to be the provider's incident. */
function review({ parameters }: Plan, { state, guard: { refused } }: AccountRecord): NextAction[] {
  if (state !== 'reauthorization_required' || !refused?.believed.length) return [];
  return [{ at: refused.at + parameters.incidentProbeMs, action: 'review' }];
}

/** The last holder's lease, in case that holder died and cannot end the session itself. */
function sessionEnd({ revocable }: Plan, { sessions, access, sent }: AccountRecord): NextAction[] {
  if (!revocable || access === undefined || sent !== undefined || sessions.length === 0) return [];
  return [{ at: Math.max(...sessions.map(({ until }) => until)), action: 'end_session' }];
}

function renewalActions(plan: Plan, record: AccountRecord, time: StoreTime): NextAction[] {
  const { access } = record;
  const { account, config, profile, parameters } = plan;
  const validity = validityOfRecord(account, record, parameters);
  const endsAt = at(access?.issuedAt, validity?.endsMs, time) ?? time.ms;
  const actions: (NextAction | undefined)[] = [];

  if (record.sent !== undefined) return [doubtAction(plan, record.sent, endsAt, time)];
  if (plan.upstreamMoved) actions.push({ at: time.ms, action: 'renew' });
  if (record.access?.sharesUpstream) {
    actions.push({ at: endsAt, action: 'renew' });
  } else if (profile.renewal === 'ahead') {
    const renewAt = at(access?.issuedAt, validity?.advisoryMs, time) ?? time.ms;
    actions.push({ at: renewAt, action: 'renew' });
  }
  if (profile.renewal === 'ahead' || config?.keepAlive) {
    const agedInMs = msUntilAged(record, time);
    if (agedInMs !== undefined) actions.push({ at: time.ms + agedInMs, action: 'keep_alive' });
  }
  const rotatable = config?.credentials !== undefined && record.rotateAt !== undefined;
  if (rotatable) actions.push({ at: record.rotateAt, action: 'rotate' });
  return actions.filter((action) => action !== undefined);
}

function doubtAction(
  plan: Plan,
  sent: SentAttempt,
  accessEndsAt: EpochMs,
  time: StoreTime,
): NextAction {
  const { config, profile, parameters: p } = plan;
  const rotation = singleUse(profile);
  const inGrace = rotation !== undefined && graceLeftMs(sent, rotation, time, p) > 0;
  const mayResend = rotation?.reuseGraceMs ? inGrace : profile.inDoubt === 'resend-once';
  const resendable = sent.sends < 2 && mayResend;
  if (resendable && (sent.ended || inGrace)) return { at: time.ms, action: 'settle_doubt' };
  const settledAt = time.ms + Math.max(0, msUntilSettled(plan, sent, time));
  // A login waits for the access token's end; the news that only a person helps does not.
  const loginAt = config?.credentials === undefined ? settledAt : accessEndsAt;
  return { at: resendable ? settledAt : Math.max(loginAt, settledAt), action: 'settle_doubt' };
}

/**
 * As long as the sender's lease is its own, it sees to the doubt itself. Who comes when that has
 * run out may be able to tell that the sender is gone; nobody else knows before the quarantine.
 */
function msUntilSettled({ senderGone, parameters: p }: Plan, sent: SentAttempt, time: StoreTime) {
  if (senderGone) return 0;
  const leasedMs = msUntil(sent.sentAt, p.leaseMs, time);
  return leasedMs > 0 ? leasedMs : msUntil(sent.sentAt, p.quarantineMs, time);
}

function at(
  from: Deadline | undefined,
  afterMs: number | undefined,
  time: StoreTime,
): EpochMs | undefined {
  if (from === undefined || afterMs === undefined) return undefined;
  // In the past where it is overdue: who looks at the status should see for how long.
  return time.ms + msUntil(from, afterMs, time);
}
