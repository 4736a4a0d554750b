import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { AccessToken } from '../token/access-token.js';
import type { Secret } from '../token/secret.js';
import type { IssuedTokens } from '../token/token-set.js';
import type { LoginCall, LoginInteraction } from './login-interaction.js';
import type { ProviderCall } from './provider-call.js';
import type { ProviderProfile } from './provider-profile.js';

/** The version of this contract; a plug-in made for another is refused in words. */
export const PROVIDER_CONTRACT = 1;

/**
 * A strategy for one kind of authorization server: it knows the HTTP, and nothing else. Expiry,
 * retries, locking, storing, budgets and revocation order are the engine's. A provider keeps no
 * state, starts no timers, and sends requests only through the `call` it is handed.
 *
 * Every method returns what the server said or throws: a `TokenError` made by `refuse()` where
 * the server refused, anything `call` threw otherwise. A request that fails is never repeated by
 * the provider: what was sent may have been processed.
 */
export interface TokenProvider<Credentials = unknown> {
  readonly contract: typeof PROVIDER_CONTRACT;
  /** Stable, lower-case; part of every account id and of every sealed record. */
  readonly id: string;
  readonly profile: ProviderProfile;
  /** Checks credentials before anything is sent. Any Standard Schema (zod works as is). */
  readonly credentials: StandardSchemaV1<unknown, Credentials>;
  /**
   * Whether `obtain` can do with these credentials; without it, it can. Where not, nothing is sent
   * and a person is asked for: they may be a client's, which only go along with a refresh.
   */
  canObtain?(credentials: Credentials): boolean;
  /**
   * Whose client asks with these credentials: its identifier (RFC 6749 section 2.2), which is no
   * secret. A client that the server rejects is left alone for a while, with the accounts that have
   * it. Without the method, and where it says `undefined`, that is one client for all.
   */
  clientId?(credentials: Credentials): string | undefined;
  /** Logs in, or mints a token. Not asked to where `canObtain` says no. */
  obtain(credentials: Credentials, call: ProviderCall): Promise<IssuedTokens>;
  /** RFC 6749 section 6. `credentials` are absent where the account has none. */
  refresh?(
    refreshToken: Secret,
    call: ProviderCall,
    credentials: Credentials | undefined,
  ): Promise<IssuedTokens>;
  /**
   * Ends tokens at the server (RFC 7009). Idempotent: an unknown token counts as revoked.
   * `credentials` are absent where the account has none, or they cannot be had.
   */
  revoke?(tokens: LiveTokens, call: ProviderCall, credentials?: Credentials): Promise<void>;
  /** Asks the server about a token (RFC 7662, `tokens.check`). */
  inspect?(accessToken: Secret, call: ProviderCall, credentials?: Credentials): Promise<Inspection>;
  /**
   * Logs a person in, who is asked through `interaction`. Nothing of the account is claimed
   * meanwhile, and what it returns begins a new life of the account, like imported tokens.
   */
  login?(
    interaction: LoginInteraction,
    call: LoginCall,
    credentials?: Credentials,
  ): Promise<IssuedTokens>;
  /** Puts the token on a request the way this API wants it. */
  authorize(headers: Headers, token: AccessToken): void;
  /** Whether an API reply says "this token is invalid", as opposed to "you may not do this". */
  isTokenRejection(reply: ApiReply): Promise<boolean>;
}

export interface LiveTokens {
  readonly accessToken?: Secret;
  readonly refreshToken?: Secret;
}

export interface Inspection {
  readonly active: boolean;
  readonly lifetimeMs?: number;
}

/** The head of an API's reply, and its JSON body if it is small and JSON. */
export interface ApiReply {
  readonly status: number;
  readonly headers: Headers;
  /** `undefined` when the body is not JSON, or larger than 64 KiB. */
  json(): Promise<unknown>;
}
