import type { EpochMs } from '../clock/clock.js';
import type { TokenError } from '../errors/token-error.js';

/** What every event carries. No event carries a secret. */
export interface EventBase {
  /** Wall clock of this process. */
  readonly at: EpochMs;
}

interface AccountEvent extends EventBase {
  readonly account: string;
  readonly provider: string;
}

interface TokenEvent extends AccountEvent {
  readonly generation: number;
}

interface RenewedEvent extends TokenEvent {
  readonly lifetimeMs: number;
  readonly attemptId: string;
  /** From the beginning of the attempt until no crash could lose the tokens any more. */
  readonly tookMs: number;
  /** The part of it after the reply: in this time a crash would have lost them. */
  readonly durableMs: number;
  /** What the token that was replaced could still have been used for; 0: it had ended. */
  readonly leftMs: number;
}

/** Every event by name. Each has its heading in `docs/reference/events.md`. */
export interface TokenEvents {
  /** A login or a mint brought a token set. */
  'token:obtained': RenewedEvent;
  /** A refresh brought a token set. */
  'token:renewed': RenewedEvent;
  /** Somebody brought a token set that was obtained elsewhere. */
  'token:imported': TokenEvent & { readonly lifetimeMs: number };
  /** Another process's token set was taken over. */
  'token:adopted': TokenEvent;
  /** An API refused a token that had not ended. */
  'token:refused': TokenEvent;
  /** A security rotation replaced the token; the old one is deleted after a drain. */
  'token:rotated': TokenEvent;
  /** Tokens were ended at the server. */
  'token:revoked': TokenEvent;
  /** The server could not be made to end tokens; they run out by themselves. */
  'revocation:abandoned': TokenEvent & { readonly error: TokenError };
  'renewal:started': TokenEvent & {
    readonly operation: 'refresh' | 'obtain';
    readonly trigger: string;
    readonly attemptId: string;
  };
  'renewal:failed': TokenEvent & {
    readonly error: TokenError;
    readonly operation: 'refresh' | 'obtain';
    readonly tookMs: number;
    readonly attemptId: string;
  };
  /** A single-use refresh token was sent and its outcome is unknown. */
  'renewal:in_doubt': TokenEvent & { readonly attemptId: string; readonly sends: number };
  /** Another process's lease had ended, and this one took over. */
  'claim:taken_over': TokenEvent & { readonly fence: number };
  /** Another process was faster, or this one too slow; it stood back. */
  'claim:lost': TokenEvent & { readonly fence: number };
  'guard:tripped': AccountEvent & { readonly reason: string; readonly retryAt: EpochMs };
  'budget:exhausted': AccountEvent & { readonly retryAt: EpochMs };
  /** So many accounts are refused at once that it is the provider's incident, not theirs. */
  'provider:incident_began': EventBase & {
    readonly provider: string;
    /** What is refused. */
    readonly cause: 'refresh' | 'obtain';
    /** Accounts that were refused, of those that are known. Counts. */
    readonly refused: number;
    readonly known: number;
  };
  /** An account succeeded, or the freeze ran out: its refusals are believed again. */
  'provider:incident_ended': EventBase & {
    readonly provider: string;
    readonly cause: 'refresh' | 'obtain';
    readonly lastedMs: number;
  };
  'breaker:changed': EventBase & {
    readonly host: string;
    readonly state: 'closed' | 'open' | 'half-open';
  };
  /** Once: nothing but a person helps this account now. */
  'account:reauthorization_required': AccountEvent & { readonly reason: string };
  'account:credentials_rejected': AccountEvent;
  /** A reply that a careful reader should know about; the engine coped. */
  'anomaly:detected': AccountEvent & {
    readonly kind:
      | 'lifetime_clamped'
      | 'lifetime_missing'
      | 'expired_on_arrival'
      | 'unchanged_token'
      | 'scope_reduced'
      | 'refresh_token_only'
      | 'rotation_unsupported';
  };
  'escrow:written': TokenEvent & { readonly attemptId: string };
  'escrow:replayed': TokenEvent & { readonly attemptId: string };
  'escrow:discarded': TokenEvent & { readonly attemptId: string };
  'store:unavailable': EventBase & { readonly error: TokenError };
  'store:recovered': EventBase & { readonly outageMs: number };
  'clock:suspended': EventBase & { readonly suspendedMs: number };
  /** Something about the way the engine was set up that will hurt one day. */
  'engine:warning': EventBase & { readonly warning: string; readonly message: string };
}

export type EventName = keyof TokenEvents;

/** For the docs, and for listeners that want all of them. */
export const eventNames: readonly EventName[] = [
  'token:obtained',
  'token:renewed',
  'token:imported',
  'token:adopted',
  'token:refused',
  'token:rotated',
  'token:revoked',
  'revocation:abandoned',
  'renewal:started',
  'renewal:failed',
  'renewal:in_doubt',
  'claim:taken_over',
  'claim:lost',
  'guard:tripped',
  'budget:exhausted',
  'provider:incident_began',
  'provider:incident_ended',
  'breaker:changed',
  'account:reauthorization_required',
  'account:credentials_rejected',
  'anomaly:detected',
  'escrow:written',
  'escrow:replayed',
  'escrow:discarded',
  'store:unavailable',
  'store:recovered',
  'clock:suspended',
  'engine:warning',
];
