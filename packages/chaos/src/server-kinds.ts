import type { SingleUse } from '@tokenkeep/core';
import type { TokenRules } from '@tokenkeep/testing';

/** How one account server treats tokens, and what the engines are told of it. */
export interface ServerKind {
  /** Also the provider's id, and the first part of the name of each account. */
  readonly name: string;
  /** Of a hundred accounts, how many are here. */
  readonly share: number;
  readonly rules: Pick<TokenRules, 'accessLifeMs'> & Partial<TokenRules>;
  /** Each login ends the refresh token it has just brought. */
  readonly refreshTokensDie?: boolean;
  readonly refreshToken: 'reusable' | SingleUse;
  readonly inDoubt: 'never-resend' | 'resend-once';
  /** Whether engines may log in; otherwise a person has to. */
  readonly logsIn: boolean;
}

const DAY_MS = 86_400_000;
const GRACE_MS = 30_000;
const singleUse = { singleUse: true, reuseGraceMs: 0 } as const;
const strict = { refreshLifeMs: DAY_MS, rotation: { kind: 'strict' } } as const;

export const serverKinds: readonly ServerKind[] = [
  {
    name: 'strict',
    share: 32,
    rules: { ...strict, accessLifeMs: 6_000 },
    refreshToken: singleUse,
    inDoubt: 'never-resend',
    logsIn: true,
  },
  {
    name: 'resending',
    share: 24,
    rules: { ...strict, accessLifeMs: 8_000 },
    refreshToken: singleUse,
    inDoubt: 'resend-once',
    logsIn: true,
  },
  {
    name: 'grace',
    share: 24,
    rules: {
      refreshLifeMs: DAY_MS,
      rotation: { kind: 'grace', graceMs: GRACE_MS },
      accessLifeMs: 12_000,
    },
    refreshToken: { singleUse: true, reuseGraceMs: GRACE_MS },
    inDoubt: 'never-resend',
    logsIn: true,
  },
  {
    name: 'person',
    share: 8,
    rules: { ...strict, accessLifeMs: 20_000 },
    refreshToken: singleUse,
    inDoubt: 'never-resend',
    logsIn: false,
  },
  {
    // Leaves its refresh token out of most replies, and brings the same access token again.
    name: 'reusable',
    share: 6,
    rules: {
      refreshLifeMs: DAY_MS,
      rotation: { kind: 'reusable' },
      accessLifeMs: 8_000,
      sameAccessUntilLeftMs: 3_000,
    },
    refreshToken: 'reusable',
    inDoubt: 'never-resend',
    logsIn: true,
  },
  {
    // Its refresh tokens are dead when they are needed: each token is a login, and the budget short.
    name: 'logins',
    share: 6,
    rules: { ...strict, accessLifeMs: 4_000 },
    refreshTokensDie: true,
    refreshToken: singleUse,
    inDoubt: 'never-resend',
    logsIn: true,
  },
];

/** The vendor's quota of logins: a day of two minutes. */
export const loginBudget = { limit: 12, windowMs: 120_000, burst: 4, refillMs: 10_000 } as const;

/** So many accounts of each kind, at least one. */
export function accountsOf(kind: ServerKind, accounts: number): readonly string[] {
  const count = Math.max(1, Math.round((accounts * kind.share) / 100));
  return Array.from({ length: count }, (_, index) => `${kind.name}-${index}`);
}
