import type { AccountConfig } from '../account/account-config.js';
import type { AccountKey } from '../account/account-key.js';
import type { EpochMs } from '../clock/clock.js';
import type { EventName, TokenEvents } from '../events/events.js';
import type { BreakerState } from '../guard/host-breaker.js';
import type { LoginInteraction } from '../provider/login-interaction.js';
import type { TokenRequestOptions } from '../renewal/account-keeper.js';
import type { TokenSession } from '../renewal/account-session.js';
import type { ImportedTokens } from '../renewal/import-tokens.js';
import type { NextAction } from '../renewal/next-due.js';
import type { ActionOptions } from '../renewal/patience.js';
import type { AccessToken } from '../token/access-token.js';

/**
 * Keeps the access tokens of many accounts alive. Made by `createTokenEngine()`; works at once,
 * and renews in the background after `start()`. Dispose of it with `await using`, or `stop()`.
 */
export interface TokenEngine extends AsyncDisposable {
  /**
   * A token that has not ended. From memory where it can be; otherwise this caller joins the one
   * renewal of the account and waits 15 s at most. The same frozen object until the next token.
   *
   * @throws TokenError `REAUTHORIZATION_REQUIRED`, `CREDENTIALS_REJECTED`: a person must act;
   *   `GUARD_REFUSED`, `BUDGET_EXHAUSTED`, `PROVIDER_*`: see `retryAt`; `WAIT_TIMED_OUT`,
   *   `ABORTED`, `ENGINE_STOPPED`, `ACCOUNT_UNKNOWN`, `ACCOUNT_REVOKED`, `STORE_*`
   */
  getToken(key: AccountKey, options?: TokenRequestOptions): Promise<AccessToken>;
  /** The same for one account, without looking up its name each time: the fastest path. */
  account(key: AccountKey): AccountHandle;
  /** The token in memory, or `undefined` where `getToken` would have to look or wait. */
  peek(key: AccountKey): AccessToken | undefined;
  /**
   * Calls `use` with a token; where the API refuses the token, renews it, saves it, and calls
   * `use` once more. What the second call returns is yours, refusals included: then the token is
   * not the problem. Recognises `Response` objects and errors with `status`.
   *
   * @throws TokenError `TOKEN_REFUSED` when the API refused and no new token could be had
   */
  withToken<Result>(
    key: AccountKey,
    use: (token: AccessToken) => Result | Promise<Result>,
    options?: WithTokenOptions<Result>,
  ): Promise<Result>;
  /** Reports that an API refused the token of `generation`. Older generations are ignored. */
  reject(key: AccountKey, generation: number): void;
  /** Gets the next token now, within the guard. */
  renew(key: AccountKey, options?: ActionOptions): Promise<AccessToken>;
  /**
   * Logs in now, whatever goes on, and brings a revoked account back: with the credentials, or,
   * given an `interaction`, by asking a person.
   *
   * @throws TokenError `REAUTHORIZATION_REQUIRED`, reason `no_credentials`: only a person can log in
   *   here, or nobody can
   */
  login(key: AccountKey, options?: LoginOptions): Promise<AccessToken>;
  /** Gets a new token, hands it out, then revokes the old one: for security, not for expiry. */
  rotate(key: AccountKey, options?: ActionOptions): Promise<AccessToken>;
  /** Forgets the tokens and ends them at the server. Nothing is handed out until a login. */
  revoke(key: AccountKey): Promise<void>;
  /** Use of an account whose tokens are revoked when its last user is done. */
  session(key: AccountKey): TokenSession;
  withSession<Result>(
    key: AccountKey,
    use: (session: TokenSession) => Promise<Result>,
  ): Promise<Result>;
  /** Accounts that come and go while the engine runs. */
  readonly accounts: EngineAccounts;
  /** What state an account is in, what happens next, and why not now. */
  status(key: AccountKey): Promise<AccountStatus>;
  health(): EngineHealth;
  /** Begins background renewal. Idempotent. */
  start(): void;
  /**
   * One pass of background renewal, for hosts with a job system of their own. `renewed`: accounts
   * that have new tokens because of it.
   */
  tick(): Promise<{ readonly renewed: number }>;
  /** Ends background work, lets renewals in flight become durable, closes the store. */
  stop(options?: { readonly deadlineMs?: number }): Promise<void>;
  on<Name extends EventName>(name: Name, listener: (event: TokenEvents[Name]) => void): Disposable;
}

export interface EngineAccounts {
  /** Those of the options, those added since, and those in the store. */
  list(): readonly AccountSummary[];
  /**
   * Adds an account, here or, with `shared`, in the store. An account that was removed lives again.
   *
   * @throws TokenError `CONFIGURATION_INVALID`: nothing is added
   */
  add(config: AccountConfig, options?: AddAccountOptions): Promise<AccountSummary>;
  /**
   * Takes over tokens that were obtained elsewhere; what the account had is forgotten.
   *
   * @throws TokenError `CONFIGURATION_INVALID`, reason `imported_tokens`: nothing is changed
   */
  import(key: AccountKey, tokens: ImportedTokens): Promise<void>;
  /**
   * Ends the account's tokens at the server, forgets them and the account. Only for accounts that
   * were added.
   *
   * @throws TokenError `PROVIDER_UNAVAILABLE`, reason `revocation_owed`: the server could not be
   *   told; the account stays, revoked
   */
  remove(key: AccountKey, options?: RemoveAccountOptions): Promise<void>;
}

export interface LoginOptions extends ActionOptions {
  /**
   * How a person is asked, where the provider can log people in. The waiting is then 15 minutes by
   * default, and its end is the end of the login.
   */
  readonly interaction?: LoginInteraction;
}

export interface AddAccountOptions {
  /**
   * Kept in the store, credentials sealed: every process that shares the store and has the
   * provider gets the account, within `accountsPollMs`. Credentials are values, not functions.
   */
  readonly shared?: boolean;
  /** The account may be there already: then its credentials and flags are replaced. */
  readonly replace?: boolean;
}

export interface RemoveAccountOptions {
  /** Remove it even where its server could not be told to end the tokens. */
  readonly force?: boolean;
}

export interface AccountHandle extends AccountSummary {
  /** Origins (`https://api.example.com`) that this account's tokens may be sent to. */
  readonly apiOrigins: readonly string[];
  getToken(options?: TokenRequestOptions): Promise<AccessToken>;
  peek(): AccessToken | undefined;
  reject(generation: number): void;
}

export interface WithTokenOptions<Result> extends TokenRequestOptions {
  /** Whether a result or an error means "this token is invalid". Default: the provider's word. */
  readonly isRejection?: (
    outcome: { readonly result: Result } | { readonly error: unknown },
  ) => boolean | Promise<boolean>;
}

export interface AccountSummary {
  /** Canonical name, e.g. `chatapp/crm`. */
  readonly id: string;
  readonly name: string;
  readonly provider: string;
}

export interface AccountStatus extends AccountSummary {
  readonly state: 'new' | 'idle' | 'live' | 'in_doubt' | 'reauthorization_required' | 'revoked';
  readonly reason?: string;
  readonly generation: number;
  /** Local end of the access token. Wall clock. */
  readonly accessEndsAt?: EpochMs;
  readonly refreshEndsAt?: EpochMs;
  /** There is a refresh token that the server has not refused. Its end may be unknown. */
  readonly refreshable: boolean;
  /** What was granted, where it lacks part of the account's `scope`: no token is handed out then. */
  readonly grantedScope?: string;
  /** What the engine does next by itself, and when. Wall clock. */
  readonly next?: NextAction;
  /** Why no request is made before some moment. */
  readonly blocked?: { readonly reason: string; readonly until: EpochMs };
  readonly failures: number;
  /** What is left of the login budget in its rolling window. */
  readonly loginBudget?: { readonly left: number; readonly limit: number };
}

export interface EngineHealth {
  /** `degraded`: something is failing, tokens are served. `blocked`: some account has no token
   * and no way to one by itself. `dead`: stopped. */
  readonly state: 'ready' | 'degraded' | 'blocked' | 'dead';
  readonly store: { readonly name: string; readonly reachable: boolean };
  readonly breakers: readonly { readonly host: string; readonly state: BreakerState }[];
  /** `overdueMs`: how late the account was that had waited longest, when this process last looked. */
  readonly schedule: { readonly running: boolean; readonly overdueMs: number };
  /** Providers that refuse many accounts at once, and until when that lasts at most. Wall clock. */
  readonly incidents: readonly { readonly provider: string; readonly until: EpochMs }[];
  readonly accounts: {
    readonly known: number;
    /** Whose token, as last seen by this process, still lives. */
    readonly withToken: number;
    readonly inDoubt: number;
    readonly needPerson: number;
  };
}
