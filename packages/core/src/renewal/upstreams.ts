import type { TokenError } from '../errors/token-error.js';
import type { KnownAccount } from '../provider/account-registry.js';
import type { UpstreamToken } from '../store/account-record.js';
import type { Secret } from '../token/secret.js';

/** The token of another account, as credentials are filled in with it. */
export interface LiveUpstream {
  readonly secret: Secret;
  readonly token: UpstreamToken;
  /** On this process's line of elapsed time. */
  readonly endsAt: number;
}

/** The accounts whose tokens other accounts log in with. */
export interface Upstreams {
  /** The live token of an account, renewed first if it must be. */
  token(account: KnownAccount): Promise<LiveUpstream>;
  /** Its token was refused downstream: replaces it. Resolves to why that could not be done. */
  replace(token: UpstreamToken): Promise<TokenError | undefined>;
  /** Reads that account's record again if our view of it is old. */
  look(token: UpstreamToken): Promise<void>;
  /** Whether this process knows of a newer token of that account, or of the one it shares. */
  hasMoved(token: UpstreamToken): boolean;
  /** Its token was ended at the server by the last account that used it. */
  end(token: UpstreamToken): Promise<void>;
  /** Whether this process knows that the account, or one above it, was revoked. */
  isRevoked(token: UpstreamToken): boolean;
}
