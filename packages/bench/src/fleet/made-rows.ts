import {
  createTokenEngine,
  type Keyring,
  memoryStore,
  type StoredRow,
  type StoreTime,
  type TokenStore,
} from '@tokenkeep/core';
import { benchProvider, LIFETIME_MS, newToken } from './bench-provider.js';
import { fleetAccount } from './fleet-account.js';

/** A token was got so long ago: its account should have been renewed by now, and it lives. */
const AGE_MS = LIFETIME_MS * 0.9;

/**
 * Rows as the engine writes them: each account is imported by an engine over a store in memory that
 * has the identity and the time of the real one. Nothing in them is made up.
 */
export async function* madeRows(
  from: number,
  to: number,
  identity: string,
  keyring: Keyring,
): AsyncGenerator<readonly StoredRow[]> {
  const atOnce = 5_000;
  for (let first = from; first < to; first += atOnce) {
    const rows = new Map<string, StoredRow>();
    const last = Math.min(to, first + atOnce);
    const accounts = Array.from({ length: last - first }, (_, at) => fleetAccount(first + at));
    const store = standIn(identity, rows);
    const engine = await createTokenEngine({
      store,
      keyring,
      providers: [benchProvider],
      accounts,
    });
    for (const { account } of accounts) {
      const tokens = { accessToken: newToken(), refreshToken: newToken(), lifetimeMs: LIFETIME_MS };
      await engine.accounts.import(account, tokens);
    }
    await engine.stop();
    yield [...rows.values()].filter(({ kind }) => kind === 'account');
  }
}

function standIn(identity: string, rows: Map<string, StoredRow>): TokenStore {
  const origin = 1_000_000_000_000;
  const memory = memoryStore({ boot: () => Date.now() - AGE_MS - origin }, rows);
  const timed = async <Answer extends { readonly time: StoreTime }>(answer: Promise<Answer>) => {
    const { time, ...rest } = await answer;
    return { ...rest, time: { ...time, epoch: 1 } } as unknown as Answer;
  };
  return {
    traits: memory.traits,
    open: () => memory.open(),
    close: () => memory.close(),
    identity: async () => identity,
    now: async () => ({ ...(await memory.now()), epoch: 1 }),
    read: (kind, id) => timed(memory.read(kind, id)),
    write: (changes) => timed(memory.write(changes)),
    claimDue: (query) => timed(memory.claimDue(query)),
    upcoming: (after, limit) => timed(memory.upcoming(after, limit)),
    list: (kind, after, limit) => memory.list(kind, after, limit),
  };
}
