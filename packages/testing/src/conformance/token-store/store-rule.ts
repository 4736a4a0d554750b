import type { RowWrite, StoredRow, TokenStore } from '@tokenkeep/core';

/** What a rule is shown on: an empty place, and as many clients of it as it asks for. */
export interface StoreScene {
  /** The one client that most rules need, open. */
  readonly store: TokenStore;
  /** Another client of the same rows, open. The same object where a store lives in one process. */
  another(): Promise<TokenStore>;
  /** Another place, as empty as this one was, and a client of it. */
  elsewhere(): Promise<TokenStore>;
  /** Lets the store's time move on by about so much, or exactly so where it is moved by hand. */
  pass(ms: number): Promise<void>;
}

/** One sentence of the store contract, and how to see that it holds. */
export interface StoreRule {
  readonly name: string;
  /** The rule needs a store whose time is moved by hand. */
  readonly byHand?: boolean;
  /** @throws AssertionError where it does not hold */
  check(scene: StoreScene): Promise<void>;
}

/** A new account row without anything special, but for the facts given. */
export function change(id: string, facts: Partial<RowWrite> = {}): RowWrite {
  return { kind: 'account', id, expected: 0, body: '{}', due: undefined, fence: 0, ...facts };
}

export async function rowOf(store: TokenStore, id: string): Promise<StoredRow | undefined> {
  return (await store.read('account', id)).row;
}

export async function idsOf(
  store: TokenStore,
  after: string | undefined,
  limit: number,
): Promise<string[]> {
  return (await store.list('account', after, limit)).map(({ id }) => id);
}
