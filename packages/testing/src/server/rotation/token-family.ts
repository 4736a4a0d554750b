import type { TokenState } from '../request-log.js';
import type { TokenMint } from './token-mint.js';

/**
 * What happens to a refresh token when it is used.
 *
 * `strict`: single use, and a replay revokes the whole family, access tokens included ·
 * `single-use`: single use, and a replay is merely refused · `grace`: a resend within `graceMs`
 * brings the same new set again, as long as that set's own refresh token is unused; any other
 * replay revokes the family · `reusable`: it stays valid.
 */
export type Rotation =
  | { readonly kind: 'strict' }
  | { readonly kind: 'single-use' }
  | { readonly kind: 'grace'; readonly graceMs: number }
  | { readonly kind: 'reusable' };

/** How an authorization server treats its tokens. May be changed while the server runs. */
export interface TokenRules {
  accessLifeMs: number;
  refreshLifeMs: number;
  rotation: Rotation;
  /** Whether each refresh moves the end of the refresh token; otherwise it is that of the login. */
  refreshSlides: boolean;
  /** Whether a refresh ends the access tokens issued before it. */
  refreshEndsOldAccess: boolean;
  /** Whether a login ends the earlier families of the account. */
  loginEndsEarlierFamilies: boolean;
  /** With a value: while the access token lives longer than this, a refresh brings it again. */
  sameAccessUntilLeftMs: number | undefined;
  /** With a value: every new set carries this text as its access token. */
  fixedAccessToken: string | undefined;
  /** With a value: every new set carries this text as its refresh token. */
  fixedRefreshToken: string | undefined;
}

export const defaultTokenRules: Readonly<TokenRules> = Object.freeze<TokenRules>({
  accessLifeMs: 3_600_000,
  refreshLifeMs: 30 * 86_400_000,
  rotation: { kind: 'strict' },
  refreshSlides: true,
  refreshEndsOldAccess: false,
  loginEndsEarlierFamilies: false,
  sameAccessUntilLeftMs: undefined,
  fixedAccessToken: undefined,
  fixedRefreshToken: undefined,
});

/** All token sets that descend from one login. Truth: changing it changes the server. */
export interface TokenFamily {
  readonly accountId: string;
  /** Counts the logins of the account, from 1. */
  readonly number: number;
  readonly loggedInAt: number;
  readonly sets: IssuedSet[];
  /** The newest generation; generations go on counting across the families of an account. */
  generation: number;
  revoked: boolean;
}

/** What one reply issued. Times are true server time, ms since 1970. */
export interface IssuedSet {
  readonly family: TokenFamily;
  readonly generation: number;
  readonly accessToken: string;
  readonly accessEndsAt: number;
  readonly refresh?: RefreshGrant;
  accessRevoked: boolean;
}

export interface RefreshGrant {
  readonly token: string;
  readonly family: TokenFamily;
  /** The set it came with; for a reusable token the newest set. */
  generation: number;
  endsAt: number;
  usedAt?: number;
  dead: boolean;
  successor?: IssuedSet;
}

export type RefreshResult =
  | { readonly kind: 'issued' | 'resent'; readonly set: IssuedSet; readonly replay: boolean }
  | { readonly kind: 'refused'; readonly replay: boolean; readonly familyRevoked: boolean };

/** Issues, rotates, expires and revokes the tokens of all accounts of one server. */
export class TokenFamilies {
  readonly #now: () => number;
  readonly #rules: TokenRules;
  readonly #mintAccess: TokenMint;
  readonly #mintRefresh: TokenMint;
  readonly #byAccount = new Map<string, TokenFamily[]>();
  readonly #byAccess = new Map<string, IssuedSet>();
  readonly #grants = new Map<string, RefreshGrant>();

  constructor(now: () => number, rules: TokenRules, mintAccess: TokenMint, mintRefresh: TokenMint) {
    this.#now = now;
    this.#rules = rules;
    this.#mintAccess = mintAccess;
    this.#mintRefresh = mintRefresh;
  }

  /** Starts a family. Without a refresh token if the grant has none. */
  login(accountId: string, withRefreshToken = true): IssuedSet {
    const earlier = this.of(accountId);
    if (this.#rules.loginEndsEarlierFamilies) {
      for (const family of earlier) family.revoked = true;
    }
    const family: TokenFamily = {
      accountId,
      number: earlier.length + 1,
      loggedInAt: this.#now(),
      sets: [],
      generation: earlier.at(-1)?.generation ?? 0,
      revoked: false,
    };
    this.#byAccount.set(accountId, [...earlier, family]);
    return this.#issue(family, withRefreshToken ? this.#newGrant(family) : undefined);
  }

  /** Exchanges a refresh token. */
  refresh(token: string): RefreshResult {
    const grant = this.#grants.get(token);
    if (grant === undefined) return { kind: 'refused', replay: false, familyRevoked: false };
    const { rotation } = this.#rules;
    const replay = this.isReplay(grant);
    if (grant.family.revoked || grant.dead) {
      return { kind: 'refused', replay, familyRevoked: false };
    }
    if (replay) return this.#replayed(grant);
    if (this.#now() >= grant.endsAt) return { kind: 'refused', replay, familyRevoked: false };
    return { kind: 'issued', replay, set: this.#rotate(grant, rotation) };
  }

  /** The grant of a refresh token, whatever its state. */
  grant(token: string): RefreshGrant | undefined {
    return this.#grants.get(token);
  }

  /** Whether presenting this grant now is a replay. */
  isReplay(grant: RefreshGrant): boolean {
    return grant.usedAt !== undefined && this.#rules.rotation.kind !== 'reusable';
  }

  /** The newest set that carries this access token, whatever its state. */
  set(accessToken: string): IssuedSet | undefined {
    return this.#byAccess.get(accessToken);
  }

  accessState(accessToken: string): TokenState {
    const set = this.#byAccess.get(accessToken);
    if (set === undefined) return 'unknown';
    if (set.accessRevoked || set.family.revoked) return 'revoked';
    return this.#now() >= set.accessEndsAt ? 'expired' : 'live';
  }

  /** All families of an account, oldest first. */
  of(accountId: string): readonly TokenFamily[] {
    return this.#byAccount.get(accountId) ?? [];
  }

  #rotate(grant: RefreshGrant, rotation: Rotation): IssuedSet {
    const { family } = grant;
    if (rotation.kind === 'reusable') {
      if (this.#rules.refreshSlides) grant.endsAt = this.#now() + this.#rules.refreshLifeMs;
      return this.#issue(family, grant);
    }
    grant.usedAt = this.#now();
    const set = this.#issue(family, this.#newGrant(family));
    grant.successor = set;
    return set;
  }

  #replayed(grant: RefreshGrant): RefreshResult {
    const { rotation } = this.#rules;
    const { successor } = grant;
    const withinGrace =
      rotation.kind === 'grace' &&
      successor?.refresh?.usedAt === undefined &&
      this.#now() < (grant.usedAt ?? 0) + rotation.graceMs;
    if (withinGrace && successor !== undefined) {
      return { kind: 'resent', set: successor, replay: true };
    }
    if (rotation.kind === 'single-use') {
      return { kind: 'refused', replay: true, familyRevoked: false };
    }
    grant.family.revoked = true;
    return { kind: 'refused', replay: true, familyRevoked: true };
  }

  #newGrant(family: TokenFamily): RefreshGrant {
    const from = this.#rules.refreshSlides ? this.#now() : family.loggedInAt;
    const grant = {
      token: this.#rules.fixedRefreshToken ?? this.#mintRefresh(),
      family,
      generation: 0,
      endsAt: from + this.#rules.refreshLifeMs,
      dead: false,
    };
    this.#grants.set(grant.token, grant);
    return grant;
  }

  #issue(family: TokenFamily, refresh: RefreshGrant | undefined): IssuedSet {
    const previous = family.sets.at(-1);
    const generation = this.#nextGeneration(family);
    if (refresh !== undefined) refresh.generation = generation;
    const set: IssuedSet = {
      family,
      generation,
      ...this.#accessToken(previous),
      ...(refresh === undefined ? {} : { refresh }),
      accessRevoked: false,
    };
    if (this.#rules.refreshEndsOldAccess && previous?.accessToken !== set.accessToken) {
      for (const earlier of family.sets) earlier.accessRevoked = true;
    }
    family.sets.push(set);
    this.#byAccess.set(set.accessToken, set);
    return set;
  }

  #nextGeneration(family: TokenFamily): number {
    const newest = this.of(family.accountId).map((each) => each.generation);
    family.generation = Math.max(0, ...newest) + 1;
    return family.generation;
  }

  #accessToken(previous: IssuedSet | undefined): Pick<IssuedSet, 'accessToken' | 'accessEndsAt'> {
    const { sameAccessUntilLeftMs, fixedAccessToken, accessLifeMs } = this.#rules;
    const leftMs = previous === undefined ? 0 : previous.accessEndsAt - this.#now();
    if (previous && sameAccessUntilLeftMs !== undefined && leftMs > sameAccessUntilLeftMs) {
      return { accessToken: previous.accessToken, accessEndsAt: previous.accessEndsAt };
    }
    return {
      accessToken: fixedAccessToken ?? this.#mintAccess(),
      accessEndsAt: this.#now() + accessLifeMs,
    };
  }
}
