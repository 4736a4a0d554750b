import { type AuthorityAccount, AuthorityTruth } from './authority-truth.js';
import { fingerprint } from './fingerprint.js';
import type { Reply } from './reply.js';
import type { RequestFacts } from './request-log.js';
import {
  defaultTokenRules,
  type IssuedSet,
  type RefreshResult,
  TokenFamilies,
  type TokenRules,
} from './rotation/token-family.js';
import type { TokenMint } from './rotation/token-mint.js';
import { type Processed, ScriptedServer, type ScriptedServerOptions } from './scripted-server.js';

/** Times are fractions at times: what is missing by less than this is not missing. */
const ROUNDING_MS = 0.01;

export interface AuthorityOptions<A extends AuthorityAccount> extends ScriptedServerOptions {
  readonly accounts?: readonly A[];
  readonly rules?: Partial<TokenRules>;
}

/**
 * What the scripted authorization servers share: accounts, token families, and how a request is
 * described in the log. Each authority adds its paths and the words of its replies.
 */
export abstract class Authority<A extends AuthorityAccount> extends ScriptedServer {
  /** May be changed while the server runs; tokens already issued keep their ends. */
  readonly rules: TokenRules;
  readonly truth: AuthorityTruth<A>;

  constructor(
    options: AuthorityOptions<A>,
    defaults: Partial<TokenRules>,
    mints: { readonly access: TokenMint; readonly refresh: TokenMint },
  ) {
    super(options);
    this.rules = { ...defaultTokenRules, ...defaults, ...options.rules };
    const now = () => this.time.now();
    const tokens = new TokenFamilies(now, this.rules, mints.access, mints.refresh);
    this.truth = new AuthorityTruth(tokens, this.rules);
    for (const account of options.accounts ?? []) this.addAccount(account);
  }

  addAccount(account: A): A {
    this.truth.accounts.set(account.accountId, account);
    return account;
  }

  protected findAccount(matches: (account: A) => boolean): A | undefined {
    return [...this.truth.accounts.values()].find(matches);
  }

  protected describeRefreshToken(token: string | undefined): RequestFacts {
    if (token === undefined) return {};
    const grant = this.truth.tokens.grant(token);
    if (grant === undefined) return { presented: fingerprint(token) };
    return {
      presented: fingerprint(token),
      accountId: grant.family.accountId,
      family: grant.family.number,
      presentedGeneration: grant.generation,
      replay: this.truth.tokens.isReplay(grant),
    };
  }

  protected describeAccessToken(token: string | undefined): RequestFacts {
    if (token === undefined) return { tokenState: 'unknown' };
    const facts = { presented: fingerprint(token), tokenState: this.truth.accessState(token) };
    const set = this.truth.tokens.set(token);
    if (set === undefined) return facts;
    return {
      ...facts,
      accountId: set.family.accountId,
      family: set.family.number,
      presentedGeneration: set.generation,
    };
  }

  /** Logs in, and says so in the words of `reply`. */
  protected issue(
    accountId: string,
    reply: (set: IssuedSet) => Reply,
    withRefreshToken = true,
  ): Processed {
    const set = this.truth.tokens.login(accountId, withRefreshToken);
    return { reply: reply(set), facts: { outcome: 'issued', ...describeSet(set) } };
  }

  /** Exchanges a refresh token, and says so in the words of `reply` or `refusal`. */
  protected exchange(
    refreshToken: string,
    reply: (set: IssuedSet) => Reply,
    refusal: () => Reply,
  ): Processed {
    if (this.truth.refusesRefreshTokens) {
      return { reply: refusal(), facts: { outcome: 'refused', replay: false } };
    }
    const result = this.truth.tokens.refresh(refreshToken);
    if (result.kind === 'refused') {
      return { reply: refusal(), facts: { outcome: 'refused', ...describeReplay(result) } };
    }
    const facts = { outcome: result.kind, replay: result.replay, ...describeSet(result.set) };
    return { reply: reply(result.set), facts };
  }

  /** Serves a request that rides on an access token, or rejects the token. */
  protected serve(
    token: string | undefined,
    reply: () => Reply,
    rejection: () => Reply,
  ): Processed {
    if (token !== undefined && this.truth.accepts(token)) {
      return { reply: reply(), facts: { outcome: 'served' } };
    }
    return { reply: rejection(), facts: { outcome: 'token_rejected' } };
  }

  /** A true server time as clients are told it: in seconds, by the server's shown clock. */
  protected shownSeconds(at: number): number {
    return Math.floor((at + this.dateSkewMs) / 1000);
  }

  /** Whole seconds that are left until a true server time; not below 0. */
  protected secondsLeft(at: number): number {
    return Math.max(0, Math.floor((at - this.time.now() + ROUNDING_MS) / 1000));
  }
}

function describeSet(set: IssuedSet): RequestFacts {
  return {
    accountId: set.family.accountId,
    family: set.family.number,
    generation: set.generation,
    issued: fingerprint(set.accessToken),
  };
}

function describeReplay(result: RefreshResult & { kind: 'refused' }): RequestFacts {
  return { replay: result.replay, familyRevoked: result.familyRevoked };
}
