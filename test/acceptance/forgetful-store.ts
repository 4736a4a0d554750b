import { type Clock, memoryStore, type TokenStore } from '@tokenkeep/core';

/**
 * A memory store whose account rows can be deleted behind everybody's back, as by an operator who
 * "resets the tokens". Its budget rows stay.
 */
export class ForgetfulStore {
  readonly store: TokenStore;
  #lives = 0;

  constructor(clock: Pick<Clock, 'boot'>) {
    this.store = this.#over(memoryStore(clock));
  }

  forgetAccounts(): void {
    this.#lives += 1;
  }

  /** Rows of an earlier life are still there, under names nobody asks for any more. */
  #over(inner: TokenStore): TokenStore {
    const here = (id: string) => `${id}@${this.#lives}`;
    const named = (id: string) => id.replace(/@\d+$/, '');
    return {
      traits: { ...inner.traits, durable: true },
      open: () => inner.open(),
      close: () => inner.close(),
      identity: () => inner.identity(),
      now: () => inner.now(),
      read: (kind, id) => inner.read(kind, kind === 'account' ? here(id) : id),
      write: (changes) =>
        inner.write(
          changes.map((row) => (row.kind === 'account' ? { ...row, id: here(row.id) } : row)),
        ),
      claimDue: async (query) => {
        const result = await inner.claimDue({ ...query, ids: query.ids.map(here) });
        return { ...result, rows: result.rows.map((row) => ({ ...row, id: named(row.id) })) };
      },
      upcoming: async (after, limit) => {
        const place = after && { ...after, id: here(after.id) };
        const { entries, time } = await inner.upcoming(place, limit);
        const living = entries.filter(({ id }) => here(named(id)) === id);
        return { entries: living.map((entry) => ({ ...entry, id: named(entry.id) })), time };
      },
      list: (kind, after, limit) => inner.list(kind, after, limit),
    };
  }
}
