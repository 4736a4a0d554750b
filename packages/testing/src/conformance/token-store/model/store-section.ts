import type { StoredRow, TokenStore } from '@tokenkeep/core';

const EVERYTHING = 1_000_000_000;

/**
 * The rows of a store whose ids begin with `prefix`, as a store of its own: a new one for each of
 * hundreds of runs, where making a real one takes longer than the run. No later prefix may be in
 * use: rows are listed to the end.
 */
export function storeSection(store: TokenStore, prefix: string): TokenStore {
  const full = (id: string) => prefix + id;
  const own = (row: StoredRow) => ({ ...row, id: row.id.slice(prefix.length) });
  return {
    traits: store.traits,
    open: async () => {},
    close: async () => {},
    identity: () => store.identity(),
    now: () => store.now(),
    read: async (kind, id) => {
      const { row, time } = await store.read(kind, full(id));
      return { row: row && own(row), time };
    },
    write: async (changes) => {
      const result = await store.write(
        changes.map((change) => ({ ...change, id: full(change.id) })),
      );
      if (result.written) return result;
      return { ...result, conflict: result.conflict.slice(prefix.length) };
    },
    claimDue: async (query) => {
      const { rows, time } = await store.claimDue({ ...query, ids: query.ids.map(full) });
      return { rows: rows.map(own), time };
    },
    // In one answer, as it has to be of one moment: rows of other sections stand in between.
    upcoming: async (after, limit) => {
      const place = after && { ...after, id: full(after.id) };
      const { entries, time } = await store.upcoming(place, EVERYTHING);
      const ours = entries
        .filter(({ id }) => id.startsWith(prefix))
        .map((entry) => ({ ...entry, id: entry.id.slice(prefix.length) }));
      return { entries: ours.slice(0, limit), time };
    },
    list: async (kind, after = '', limit) => (await store.list(kind, full(after), limit)).map(own),
  };
}
