import assert from 'node:assert/strict';
import type { DuePlace } from '@tokenkeep/core';
import { change, rowOf, type StoreRule } from './store-rule.js';

const mine = { holder: 'me', leaseMs: 60_000, limit: 9 };

/** Leases, and who may have a row that is due. */
export const scheduleRules: readonly StoreRule[] = [
  {
    name: 'a lease is counted from the moment of the write',
    async check({ store, pass }) {
      await pass(20);
      const { time } = await store.write([change('a', { lease: { holder: 'me', ms: 500 } })]);
      const row = await rowOf(store, 'a');
      assert.deepEqual([row?.holder, row?.leaseUntil], ['me', time.ms + 500]);
    },
  },
  {
    name: 'a write without a lease releases the row',
    async check({ store }) {
      await store.write([change('a', { lease: { holder: 'me', ms: 500 } })]);
      await store.write([change('a', { expected: 1 })]);
      const row = await rowOf(store, 'a');
      assert.deepEqual([row?.holder, row?.leaseUntil], [undefined, undefined]);
    },
  },
  {
    name: 'claimDue leases what is due, adds to fence and version, and keeps the body',
    async check({ store }) {
      const { ms } = await store.now();
      await store.write([change('a', { due: ms, fence: 4, body: '{"a":1}' })]);
      const { rows, time } = await store.claimDue({ ...mine, ids: ['a'] });
      assert.deepEqual(rows, [
        {
          kind: 'account',
          id: 'a',
          version: 2,
          due: ms,
          fence: 5,
          holder: 'me',
          leaseUntil: time.ms + mine.leaseMs,
          body: '{"a":1}',
        },
      ]);
      assert.deepEqual(await rowOf(store, 'a'), rows[0]);
    },
  },
  {
    name: 'claimDue takes the earliest first, up to the limit',
    async check({ store }) {
      const { ms } = await store.now();
      await store.write([
        change('a', { due: ms - 1 }),
        change('b', { due: ms - 3 }),
        change('c', { due: ms - 2 }),
        change('d', { due: ms + 3_600_000 }),
        change('e'),
      ]);
      const ids = ['a', 'b', 'c', 'd', 'e', 'unknown'];
      const claim = async (limit: number) =>
        (await store.claimDue({ ...mine, ids, limit })).rows.map(({ id }) => id);
      assert.deepEqual(await claim(0), []);
      assert.deepEqual(await claim(2), ['b', 'c']);
      assert.deepEqual(await claim(9), ['a']);
      assert.deepEqual(await claim(9), []);
    },
  },
  {
    name: 'claimDue takes the earliest of many, whatever the order of the ids',
    async check({ store }) {
      const { ms } = await store.now();
      const ids = Array.from({ length: 24 }, (_, index) => `row-${index}`);
      for (const [index, id] of ids.entries()) {
        await store.write([change(id, { due: ms - ((index * 7) % 24) - 1 })]);
      }
      const { rows } = await store.claimDue({ ...mine, ids, limit: 5 });
      assert.deepEqual(
        rows.map(({ due }) => ms - (due ?? 0)),
        [24, 23, 22, 21, 20],
      );
    },
  },
  {
    name: 'claimDue touches only the ids it was given, and no budgets',
    async check({ store }) {
      const { ms } = await store.now();
      await store.write([
        change('a', { due: ms }),
        change('b', { due: ms }),
        change('b', { kind: 'budget', due: ms }),
      ]);
      assert.deepEqual((await store.claimDue({ ...mine, ids: [] })).rows, []);
      assert.equal((await store.claimDue({ ...mine, ids: ['b'] })).rows.length, 1);
      assert.equal((await store.read('budget', 'b')).row?.version, 1);
      assert.equal((await rowOf(store, 'a'))?.version, 1);
    },
  },
  {
    name: 'a leased row is not claimed again until its lease is over',
    async check({ store, pass }) {
      const { ms } = await store.now();
      const leaseMs = 400;
      await store.write([change('a', { due: ms, lease: { holder: 'other', ms: leaseMs } })]);
      const query = { ...mine, ids: ['a'] };
      await pass(10);
      const { rows: tooSoon, time } = await store.claimDue(query);
      // On a machine that stood still the lease may be over by now.
      if (time.ms < ms + leaseMs) assert.deepEqual(tooSoon, []);
      await pass(leaseMs);
      if (tooSoon.length === 0) {
        const { rows } = await store.claimDue(query);
        assert.deepEqual(
          rows.map(({ holder, fence }) => [holder, fence]),
          [['me', 1]],
        );
      }
    },
  },
  {
    name: 'a lease is over in the very moment it ends',
    byHand: true,
    async check({ store, pass }) {
      const { ms } = await store.now();
      await store.write([change('a', { due: ms, lease: { holder: 'other', ms: 500 } })]);
      await pass(499);
      assert.deepEqual((await store.claimDue({ ...mine, ids: ['a'] })).rows, []);
      await pass(1);
      assert.equal((await store.claimDue({ ...mine, ids: ['a'] })).rows.length, 1);
    },
  },
  {
    name: 'two clients that claim at once share the rows between them: none is handed out twice',
    async check({ store, another }) {
      const { ms } = await store.now();
      const ids = Array.from({ length: 60 }, (_, index) => `row-${index}`);
      for (const id of ids) await store.write([change(id, { due: ms })]);
      const claimed: string[] = [];
      const claimAll = async (client: typeof store, holder: string) => {
        for (let idle = 0; idle < 3; ) {
          const { rows } = await client.claimDue({ ...mine, ids, holder, limit: 7 });
          claimed.push(...rows.map(({ id }) => id));
          idle = rows.length === 0 ? idle + 1 : 0;
        }
      };
      await Promise.all([claimAll(store, 'one'), claimAll(await another(), 'two')]);
      assert.deepEqual(claimed.toSorted(), ids.toSorted());
    },
  },
  {
    name: 'claimDue works with 10,000 ids',
    async check({ store }) {
      const { ms } = await store.now();
      const ids = Array.from({ length: 10_000 }, (_, index) => `provider/account-${index}`);
      await store.write([change('provider/account-9876', { due: ms })]);
      assert.equal((await store.claimDue({ ...mine, ids })).rows.length, 1);
    },
  },
  {
    name: 'upcoming is every account that has a due time, earliest first, claimed or not',
    async check({ store }) {
      const { time } = await store.write([
        change('a', { due: 50.25 }),
        change('b', { due: 40, lease: { holder: 'other', ms: 500 } }),
        change('c', { due: 2 ** 45 }),
        change('d'),
        change('e', { kind: 'budget', due: 1 }),
        change('f', { kind: 'configuration', due: 2 }),
      ]);
      assert.deepEqual((await store.upcoming(undefined, 9)).entries, [
        { id: 'b', due: 40, leaseUntil: time.ms + 500 },
        { id: 'a', due: 50.25, leaseUntil: undefined },
        { id: 'c', due: 2 ** 45, leaseUntil: undefined },
      ]);
      assert.deepEqual((await store.upcoming(undefined, 0)).entries, []);
    },
  },
  {
    name: 'upcoming goes on after a place in the order of due and of the bytes of the id, whoever stands there',
    async check({ store }) {
      // One of these is above all others in code points, and below in halves of surrogate pairs.
      const ids = ['A', 'a', 'aa', 'b', 'z z', 'é', '\uFFFD', '\u{1F511}'];
      for (const [index, id] of ids.toReversed().entries()) {
        await store.write([change(id, { due: 7 }), change(`later-${index}`, { due: 8 })]);
      }
      await store.write([change('first', { due: -3.5 })]);
      const after = async (due: number, id: string, limit = 99) =>
        (await store.upcoming({ due, id }, limit)).entries.map((entry) => entry.id);
      const later = ids.map((_, index) => `later-${index}`);
      assert.deepEqual(await after(-3.5, 'first'), [...ids, ...later]);
      assert.deepEqual(await after(7, 'aa', 3), ['b', 'z z', 'é']);
      // Nobody stands there.
      assert.deepEqual(await after(7, 'ab', 2), ['b', 'z z']);
      assert.deepEqual(await after(7, '\u{1F511}', 2), ['later-0', 'later-1']);
      assert.deepEqual(await after(7.5, ''), later);
      assert.deepEqual(await after(-4, 'zzz', 1), ['first']);
      assert.deepEqual(await after(8, 'later-9'), []);
    },
  },
  {
    name: 'upcoming, page by page, is the whole schedule, however many are due at one moment',
    async check({ store }) {
      const ids = Array.from(
        { length: 300 },
        (_, index) => `row-${String(index).padStart(3, '0')}`,
      );
      for (let from = 0; from < ids.length; from += 8) {
        const some = ids.slice(from, from + 8).entries();
        await store.write([...some].map(([at, id]) => change(id, { due: at % 2 === 0 ? 5 : 6 })));
      }
      const seen: string[] = [];
      let place: DuePlace | undefined;
      do {
        const { entries } = await store.upcoming(place, 37);
        seen.push(...entries.map(({ id }) => id));
        place = entries.at(-1);
      } while (place !== undefined);
      assert.equal(new Set(seen).size, ids.length);
      assert.equal(seen.length, ids.length);
    },
  },
];
