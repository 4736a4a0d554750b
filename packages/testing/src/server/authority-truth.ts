import { oneOf } from '../one-of.js';
import type { TokenState } from './request-log.js';
import type { IssuedSet, TokenFamilies, TokenFamily, TokenRules } from './rotation/token-family.js';

/** What every account of a scripted authority has. */
export interface AuthorityAccount {
  /** Names the account in the log. Not a secret. */
  readonly accountId: string;
}

/**
 * What is so at the server, whatever anyone else believes; and the levers to change it behind the
 * client's back.
 */
export class AuthorityTruth<A extends AuthorityAccount> {
  readonly accounts = new Map<string, A>();
  readonly tokens: TokenFamilies;
  /** See `refuseAllRefreshTokens`. */
  refusesRefreshTokens = false;
  readonly #rules: TokenRules;
  #rejectsAll = false;

  constructor(tokens: TokenFamilies, rules: TokenRules) {
    this.tokens = tokens;
    this.#rules = rules;
  }

  /** The family of the account's last login. */
  family(accountId: string): TokenFamily | undefined {
    return this.tokens.of(accountId).at(-1);
  }

  /** The newest set of the account's last login. */
  current(accountId: string): IssuedSet | undefined {
    return this.family(accountId)?.sets.at(-1);
  }

  accessState(accessToken: string): TokenState {
    return this.tokens.accessState(accessToken);
  }

  /** Whether the API serves this access token. */
  accepts(accessToken: string): boolean {
    return !this.#rejectsAll && this.accessState(accessToken) === 'live';
  }

  /** Ends every access token of the account; refresh tokens live on. */
  revokeAccess(accountId: string): void {
    for (const family of this.#familiesOf(accountId)) {
      for (const set of family.sets) set.accessRevoked = true;
    }
  }

  /** Ends every refresh token of the account; access tokens live on. */
  killRefreshToken(accountId: string): void {
    for (const family of this.#familiesOf(accountId)) {
      for (const { refresh } of family.sets) if (refresh) refresh.dead = true;
    }
  }

  /** Ends everything issued to the account. */
  revokeFamily(accountId: string): void {
    for (const family of this.#familiesOf(accountId)) family.revoked = true;
  }

  /** @throws TypeError for an account the server does not have */
  #familiesOf(accountId: string): readonly TokenFamily[] {
    const families = this.tokens.of(accountId);
    if (families.length === 0) oneOf([...this.accounts.keys()], accountId, 'account');
    return families;
  }

  /** Whether the API refuses every token, good ones too. */
  rejectAllAccessTokens(rejects = true): void {
    this.#rejectsAll = rejects;
  }

  /** Whether every refresh token is refused, good ones too, and unharmed: an incident. */
  refuseAllRefreshTokens(refuses = true): void {
    this.refusesRefreshTokens = refuses;
  }

  /** Every new set carries this access token; without an argument, new ones again. */
  issueFixedAccessToken(token?: string): void {
    this.#rules.fixedAccessToken = token;
  }

  /** Every new set carries this refresh token; without an argument, new ones again. */
  issueFixedRefreshToken(token?: string): void {
    this.#rules.fixedRefreshToken = token;
  }
}
