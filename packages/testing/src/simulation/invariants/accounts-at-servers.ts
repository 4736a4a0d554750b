import type { StoredRow } from '@tokenkeep/core';
import type { Send } from '../network/send.js';
import type { Simulation } from '../simulation.js';
import { accessIn, type StoredAccount, serverOf, storedAccount } from './stored-tokens.js';

/** Which row belongs to which account of a server: known from the tokens that stood in it. */
export class AccountsAtServers {
  readonly #rows = new Map<string, string>();

  constructor(private readonly simulation: Simulation) {}

  /** A row changed: whose token is in it? */
  learn(id: string, row: StoredRow): void {
    const account = storedAccount(row);
    if (account.access?.sharesUpstream) return;
    const family = accessIn(this.simulation, account)?.set?.family;
    const server = family && serverOf(this.simulation, family);
    if (server !== undefined) this.#rows.set(`${server.origin} ${family?.accountId}`, id);
  }

  /** The row of the account a request is about. */
  idOf(send: Send): string | undefined {
    const key = accountAsked(send);
    return key === undefined ? undefined : this.#rows.get(key);
  }

  /** What stands in that row now. */
  recordOf(send: Send): StoredAccount | undefined {
    const id = this.idOf(send);
    const row = id === undefined ? undefined : this.simulation.store.account(id);
    return row === undefined ? undefined : storedAccount(row);
  }
}

/** Names the account a token request is about; `undefined` for other requests. */
export function accountAsked({ operation, server, accountId }: Send): string | undefined {
  if (accountId === undefined || (operation !== 'refresh' && operation !== 'obtain')) return;
  return `${server.origin} ${accountId}`;
}
