import type { expect as Expect } from '@jest/globals';
import type { RowWrite, StoredRow, TokenStore } from '@tokenkeep/core';

/** A boot clock that moves when told to. */
export interface HandClock {
  boot(): number;
  advance(ms: number): void;
}

export interface TokenStoreRules {
  readonly test: (name: string, rule: () => Promise<void>) => void;
  readonly expect: typeof Expect;
  /** A new, empty, open store whose time follows `clock`. The rules close it. */
  readonly factory: (clock: HandClock) => Promise<TokenStore>;
}

export function handClock(startMs = 7_000): HandClock {
  let now = startMs;
  return {
    boot: () => now,
    advance: (ms) => {
      now += ms;
    },
  };
}

export function change(id: string, facts: Partial<RowWrite> = {}): RowWrite {
  return { kind: 'account', id, expected: 0, body: '{}', due: undefined, fence: 0, ...facts };
}

/** What the port promises, as far as one store object can show it. */
export function tokenStoreRules({ test, expect, factory }: TokenStoreRules): void {
  const rule = (
    name: string,
    check: (store: TokenStore, clock: HandClock) => Promise<void>,
  ): void =>
    test(name, async () => {
      const clock = handClock();
      const store = await factory(clock);
      try {
        await check(store, clock);
      } finally {
        await store.close();
      }
    });

  const rowOf = async (store: TokenStore, id: string): Promise<StoredRow | undefined> =>
    (await store.read('account', id)).row;

  rule('a row that was never written reads as undefined, with the time', async (store) => {
    const { row, time } = await store.read('account', 'a');
    expect(row).toBeUndefined();
    expect(time).toEqual(await store.now());
  });

  rule('a written row comes back as it was given, at version 1', async (store) => {
    const body = JSON.stringify({ sealed: 'AAE=', text: 'ü – 💾 "\\ \u0000' });
    await store.write([change('a', { body, due: 5.25, fence: 3 })]);
    expect(await rowOf(store, 'a')).toEqual({
      kind: 'account',
      id: 'a',
      version: 1,
      due: 5.25,
      fence: 3,
      holder: undefined,
      leaseUntil: undefined,
      body,
    });
  });

  rule('a body of 256 KiB is kept whole', async (store) => {
    const body = JSON.stringify('x'.repeat(256 * 1024 - 2));
    await store.write([change('a', { body })]);
    expect((await rowOf(store, 'a'))?.body).toBe(body);
  });

  rule('each change adds one to the version', async (store) => {
    for (let expected = 0; expected < 4; expected += 1) {
      expect(await store.write([change('a', { expected })])).toMatchObject({ written: true });
    }
    expect((await rowOf(store, 'a'))?.version).toBe(4);
  });

  rule('a change that expects another version changes nothing', async (store) => {
    await store.write([change('a', { body: '1' })]);
    for (const expected of [0, 2]) {
      const result = await store.write([change('a', { expected, body: '2' })]);
      expect(result).toMatchObject({ written: false, conflict: 'a' });
    }
    expect(await rowOf(store, 'a')).toMatchObject({ version: 1, body: '1' });
  });

  rule('a row that does not exist cannot be changed, only created', async (store) => {
    const result = await store.write([change('a', { expected: 1 })]);
    expect(result).toMatchObject({ written: false, conflict: 'a' });
    expect(await rowOf(store, 'a')).toBeUndefined();
  });

  rule('eight changes are applied together', async (store) => {
    const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    expect(await store.write(ids.map((id) => change(id)))).toMatchObject({ written: true });
    expect(await store.list('account', undefined, 10)).toHaveLength(8);
  });

  rule('one conflict undoes all changes and names the first', async (store) => {
    await store.write([change('c'), change('d')]);
    const result = await store.write([change('a'), change('b'), change('c'), change('d')]);
    expect(result).toMatchObject({ written: false, conflict: 'c' });
    expect((await store.list('account', undefined, 10)).map(({ id }) => id)).toEqual(['c', 'd']);
  });

  rule('an account and a budget of the same id are two rows', async (store) => {
    await store.write([change('a', { body: '1' }), change('a', { kind: 'budget', body: '2' })]);
    expect((await store.read('account', 'a')).row?.body).toBe('1');
    expect((await store.read('budget', 'a')).row?.body).toBe('2');
  });

  rule('of many writes against one version exactly one succeeds', async (store) => {
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, body) => store.write([change('a', { body: `${body}` })])),
    );
    expect(results.filter(({ written }) => written)).toHaveLength(1);
  });

  rule('a lease is counted from the moment of the write', async (store, clock) => {
    clock.advance(1_234);
    const { time } = await store.write([change('a', { lease: { holder: 'me', ms: 500 } })]);
    expect(await rowOf(store, 'a')).toMatchObject({ holder: 'me', leaseUntil: time.ms + 500 });
  });

  rule('a write without a lease releases the row', async (store) => {
    await store.write([change('a', { lease: { holder: 'me', ms: 500 } })]);
    await store.write([change('a', { expected: 1 })]);
    expect(await rowOf(store, 'a')).toMatchObject({ holder: undefined, leaseUntil: undefined });
  });

  rule('the time moves with the boot clock and stands when it stands', async (store, clock) => {
    const before = await store.now();
    expect(await store.now()).toEqual(before);
    clock.advance(60_000);
    expect(await store.now()).toEqual({ epoch: before.epoch, ms: before.ms + 60_000 });
    expect((await store.read('account', 'a')).time).toEqual(await store.now());
    expect((await store.nextDue([])).time).toEqual(await store.now());
  });

  rule(
    'claimDue leases what is due, adds to fence and version, and keeps the body',
    async (store) => {
      const { ms } = await store.now();
      await store.write([change('a', { due: ms, fence: 4, body: '{"a":1}' })]);
      const { rows, time } = await store.claimDue({
        ids: ['a'],
        holder: 'me',
        leaseMs: 900,
        limit: 1,
      });
      expect(rows).toEqual([
        {
          kind: 'account',
          id: 'a',
          version: 2,
          due: ms,
          fence: 5,
          holder: 'me',
          leaseUntil: time.ms + 900,
          body: '{"a":1}',
        },
      ]);
      expect(await rowOf(store, 'a')).toEqual(rows[0]);
    },
  );

  rule('claimDue takes the earliest first, up to the limit', async (store) => {
    const { ms } = await store.now();
    await store.write([
      change('a', { due: ms - 1 }),
      change('b', { due: ms - 3 }),
      change('c', { due: ms - 2 }),
      change('d', { due: ms + 1 }),
      change('e'),
    ]);
    const ids = ['a', 'b', 'c', 'd', 'e', 'unknown'];
    const claim = async (limit: number) =>
      (await store.claimDue({ ids, holder: 'me', leaseMs: 900, limit })).rows.map(({ id }) => id);
    expect(await claim(0)).toEqual([]);
    expect(await claim(2)).toEqual(['b', 'c']);
    expect(await claim(9)).toEqual(['a']);
    expect(await claim(9)).toEqual([]);
  });

  rule('claimDue touches only the ids it was given, and no budgets', async (store) => {
    const { ms } = await store.now();
    await store.write([
      change('a', { due: ms }),
      change('b', { due: ms }),
      change('b', { kind: 'budget', due: ms }),
    ]);
    const query = { holder: 'me', leaseMs: 900, limit: 9 };
    expect((await store.claimDue({ ids: [], ...query })).rows).toEqual([]);
    expect((await store.claimDue({ ids: ['b'], ...query })).rows).toHaveLength(1);
    expect((await store.read('budget', 'b')).row?.version).toBe(1);
    expect((await rowOf(store, 'a'))?.version).toBe(1);
  });

  rule('a leased row is not claimed again until its lease is over', async (store, clock) => {
    const { ms } = await store.now();
    await store.write([change('a', { due: ms, lease: { holder: 'other', ms: 500 } })]);
    const query = { ids: ['a'], holder: 'me', leaseMs: 900, limit: 9 };
    clock.advance(499);
    expect((await store.claimDue(query)).rows).toEqual([]);
    clock.advance(1);
    expect((await store.claimDue(query)).rows).toMatchObject([{ holder: 'me', fence: 1 }]);
  });

  rule('claimDue and nextDue work with 10,000 ids', async (store) => {
    const { ms } = await store.now();
    const ids = Array.from({ length: 10_000 }, (_, index) => `provider/account-${index}`);
    await store.write([change('provider/account-9876', { due: ms })]);
    expect((await store.nextDue(ids)).due).toBe(ms);
    const query = { ids, holder: 'me', leaseMs: 900, limit: 10 };
    expect((await store.claimDue(query)).rows).toHaveLength(1);
  });

  rule('nextDue is the earliest due time among the ids, claimed or not', async (store) => {
    await store.write([
      change('a', { due: 50 }),
      change('b', { due: 40, lease: { holder: 'other', ms: 500 } }),
      change('c', { due: 30 }),
      change('d'),
    ]);
    expect((await store.nextDue(['a', 'b', 'd'])).due).toBe(40);
    expect((await store.nextDue(['d'])).due).toBeUndefined();
    expect((await store.nextDue([])).due).toBeUndefined();
  });

  rule('list pages through one kind by id', async (store) => {
    await store.write([change('b'), change('a'), change('c'), change('x', { kind: 'budget' })]);
    const page = async (after: string | undefined, limit: number) =>
      (await store.list('account', after, limit)).map(({ id }) => id);
    expect(await page(undefined, 2)).toEqual(['a', 'b']);
    expect(await page('b', 2)).toEqual(['c']);
    expect(await page('c', 2)).toEqual([]);
    expect(await page(undefined, 0)).toEqual([]);
    expect(await store.list('budget', undefined, 9)).toMatchObject([{ id: 'x', body: '{}' }]);
  });
}
