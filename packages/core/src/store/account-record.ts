import type { EpochMs } from '../clock/clock.js';
import { freshGuard, type GuardState } from '../guard/guard-state.js';
import type { StoreTime } from './token-store.js';

/**
 * What the store keeps of one account, as JSON in the row's body. Only `sealed` members hold
 * secrets, and those are ciphertext. Members this version does not know are kept as they are.
 */
export interface AccountRecord {
  readonly format: 1;
  readonly incarnation: string;
  /** Counts the token sets of this incarnation; never goes back. */
  readonly generation: number;
  /**
   * `idle`: no token, none wanted. `live`: has or had tokens. `reauthorization_required`: only
   * a person helps. `revoked`: a tombstone; nothing is handed out until a login.
   */
  readonly state: 'idle' | 'live' | 'reauthorization_required' | 'revoked';
  /** Why `state` is what it is, in snake_case. */
  readonly reason?: string;
  readonly access?: AccessRecord;
  readonly refresh?: RefreshRecord;
  /** A single-use refresh token that left, or may have left, this generation. */
  readonly sent?: SentAttempt;
  /** The attempt whose reply this generation is. */
  readonly committedBy?: string;
  readonly guard: GuardState;
  /** Tokens to be ended at the server, after they were replaced or revoked here. */
  readonly retiring: readonly RetiringTokens[];
  /** Who uses the account's session; it ends with the last of them. */
  readonly sessions: readonly SessionLease[];
  /** Sessions ended by us and not yet followed by an obtain. */
  readonly sessionEnded?: boolean;
  /** The other account's token these tokens were made from. */
  readonly upstream?: UpstreamToken;
  /** When a security rotation is due. */
  readonly rotateAt?: EpochMs;
}

/** A moment on the store's clock that counts as passed once the clock's epoch has changed. */
export interface Deadline {
  readonly epoch: number;
  readonly ms: EpochMs;
}

export interface AccessRecord {
  readonly sealed: string;
  readonly tokenType: string;
  readonly issuedAt: Deadline;
  /** As judged: 0 for a token that was dead on arrival. */
  readonly lifetimeMs: number;
  readonly scope?: string;
  /** The token it replaced is the same, or it arrived dead: its renewal brought nothing. */
  readonly noProgress?: boolean;
  /** The token is the upstream account's own. */
  readonly sharesUpstream?: boolean;
  /** The API refused it, and it was still in its lifetime. */
  readonly refused?: boolean;
  /** An account downstream, whose token it was too, ended it at the server. */
  readonly ended?: boolean;
}

export interface RefreshRecord {
  readonly sealed: string;
  readonly issuedAt: Deadline;
  readonly lifetimeMs?: number;
  /** The server refused it for good. */
  readonly dead?: boolean;
}

export interface SentAttempt {
  readonly attemptId: string;
  readonly sentAt: Deadline;
  /** How often this generation's refresh token has left. */
  readonly sends: number;
  readonly holder: string;
  /** The holder itself saw the call end without a reply it could read. */
  readonly ended?: boolean;
}

export interface RetiringTokens {
  readonly id: string;
  /** The tokens, sealed for the incarnation and generation named here. */
  readonly sealed: string;
  readonly incarnation: string;
  readonly generation: number;
  readonly after: EpochMs;
  readonly attempts: number;
  /** The access token is this upstream account's own. */
  readonly upstream?: UpstreamToken;
}

export interface SessionLease {
  readonly id: string;
  readonly until: EpochMs;
}

export interface UpstreamToken {
  readonly account: string;
  readonly incarnation: string;
  readonly generation: number;
}

export function newRecord(incarnation: string): AccountRecord {
  return {
    format: 1,
    incarnation,
    generation: 0,
    state: 'live',
    guard: freshGuard,
    retiring: [],
    sessions: [],
  };
}

/** Milliseconds from `time` until `afterMs` past a moment; 0 or less when that has passed. */
export function msUntil(moment: Deadline, afterMs: number, time: StoreTime): number {
  return moment.epoch === time.epoch ? moment.ms + afterMs - time.ms : 0;
}

/**
 * The same for what a reboot does not end: only the time the machine was off goes uncounted. A
 * refresh token that ended meanwhile is refused by its server; one given up unasked is lost.
 */
export function msUntilCounted(moment: Deadline, afterMs: number, time: StoreTime): number {
  return moment.ms + afterMs - time.ms;
}
