import type { StoredRow } from '@tokenkeep/core';
import type { IssuedSet, RefreshGrant, TokenFamily } from '../../server/rotation/token-family.js';
import type { SimServer } from '../network/send.js';
import { readSealed } from '../readable-sealer.js';
import type { Simulation } from '../simulation.js';

/** As much of an account's record as the oracles look at. */
export interface StoredAccount {
  readonly incarnation: string;
  readonly generation: number;
  readonly state: string;
  readonly access?: {
    readonly sealed: string;
    readonly issuedAt: { readonly epoch: number; readonly ms: number };
    readonly lifetimeMs: number;
    readonly refused?: boolean;
    readonly ended?: boolean;
    /** It is another account's own token: what becomes of that one becomes of this. */
    readonly sharesUpstream?: boolean;
  };
  readonly refresh?: {
    readonly sealed: string;
    readonly issuedAt: { readonly epoch: number; readonly ms: number };
    readonly lifetimeMs?: number;
    readonly dead?: boolean;
  };
  readonly sent?: { readonly sends: number; readonly holder: string; readonly ended?: boolean };
  readonly upstream?: unknown;
  readonly retiring: readonly { readonly sealed: string }[];
}

/** Rows do not change: what changes is which row stands in the store. */
const read = new WeakMap<StoredRow, StoredAccount>();

export function storedAccount(row: StoredRow): StoredAccount {
  const known = read.get(row);
  if (known !== undefined) return known;
  const account = JSON.parse(row.body) as StoredAccount;
  read.set(row, account);
  return account;
}

/** The access token in a record, and what its server knows of it. */
export function accessIn(
  simulation: Simulation,
  { access }: StoredAccount,
): { readonly token: string; readonly set: IssuedSet | undefined } | undefined {
  if (access === undefined) return undefined;
  const { token } = JSON.parse(readSealed(access.sealed)) as { readonly token: string };
  return { token, set: setOf(simulation, token) };
}

/** What the server knows of the refresh token in a record. */
export function grantIn(
  simulation: Simulation,
  { refresh }: StoredAccount,
): RefreshGrant | undefined {
  if (refresh === undefined) return undefined;
  return grantOf(simulation, readSealed(refresh.sealed));
}

/** The token set an access token belongs to, at whichever server. */
export function setOf(simulation: Simulation, accessToken: string): IssuedSet | undefined {
  for (const { authority } of simulation.network.servers.values()) {
    const set = authority.truth.tokens.set(accessToken);
    if (set !== undefined) return set;
  }
  return undefined;
}

/** The grant of a refresh token, at whichever server. */
export function grantOf(simulation: Simulation, refreshToken: string): RefreshGrant | undefined {
  for (const { authority } of simulation.network.servers.values()) {
    const grant = authority.truth.tokens.grant(refreshToken);
    if (grant !== undefined) return grant;
  }
  return undefined;
}

/** The server at which the tokens of one login live. */
export function serverOf({ network }: Simulation, family: TokenFamily): SimServer | undefined {
  return [...network.servers.values()].find(({ authority }) =>
    authority.truth.tokens.of(family.accountId).includes(family),
  );
}

/** The life of an account a record belongs to: its counter. */
export function lifeOf({ incarnation }: StoredAccount): number {
  return Number.parseInt(incarnation, 10);
}
