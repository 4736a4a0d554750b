import assert from 'node:assert/strict';
import { TokenError } from '@tokenkeep/core';
import { change, idsOf, rowOf, type StoreRule } from './store-rule.js';

/** Rows, and compare-and-set: all changes or none, and never two against one version. */
export const writeRules: readonly StoreRule[] = [
  {
    name: 'a row that was never written reads as undefined, with the time',
    async check({ store }) {
      const before = await store.now();
      const { row, time } = await store.read('account', 'a');
      assert.equal(row, undefined);
      assert.equal(time.epoch, before.epoch);
      assert.ok(time.ms >= before.ms, `the time went back from ${before.ms} to ${time.ms}`);
    },
  },
  {
    name: 'a written row comes back as it was given, at version 1',
    async check({ store }) {
      const body = JSON.stringify({ sealed: 'AAE=', text: 'ü – 💾 "\\ \u0000' });
      await store.write([change('a', { body, due: 5.25, fence: 3 })]);
      assert.deepEqual(await rowOf(store, 'a'), {
        kind: 'account',
        id: 'a',
        version: 1,
        due: 5.25,
        fence: 3,
        holder: undefined,
        leaseUntil: undefined,
        body,
      });
    },
  },
  {
    name: 'a body of 256 KiB is kept whole',
    async check({ store }) {
      const body = JSON.stringify('x'.repeat(256 * 1024 - 2));
      await store.write([change('a', { body })]);
      assert.equal((await rowOf(store, 'a'))?.body, body);
    },
  },
  {
    name: 'a body is kept as text, to the last space, and not as a value',
    async check({ store }) {
      const body = '{ "b":1.0,\n"a":10000000000000000001, "a":2 } ';
      await store.write([change('a', { body })]);
      assert.equal((await rowOf(store, 'a'))?.body, body);
    },
  },
  {
    name: 'moments with fractions and of every size come back exactly',
    async check({ store }) {
      const moments = [0, -1.5, 0.1, 1_763_743_210_123.456, Number.MAX_SAFE_INTEGER];
      for (const [index, due] of moments.entries()) {
        await store.write([change(`row-${index}`, { due })]);
        assert.equal((await rowOf(store, `row-${index}`))?.due, due);
      }
    },
  },
  {
    name: 'each change adds one to the version',
    async check({ store }) {
      for (let expected = 0; expected < 4; expected += 1) {
        assert.equal((await store.write([change('a', { expected })])).written, true);
      }
      assert.equal((await rowOf(store, 'a'))?.version, 4);
    },
  },
  {
    name: 'a change that expects another version changes nothing',
    async check({ store }) {
      await store.write([change('a', { body: '1' })]);
      for (const expected of [0, 2]) {
        const result = await store.write([change('a', { expected, body: '2' })]);
        assert.equal(result.written, false);
        assert.equal(!result.written && result.conflict, 'a');
      }
      const row = await rowOf(store, 'a');
      assert.deepEqual([row?.version, row?.body], [1, '1']);
    },
  },
  {
    name: 'a row that does not exist cannot be changed, only created',
    async check({ store }) {
      const result = await store.write([change('a', { expected: 1 })]);
      assert.equal(result.written, false);
      assert.equal(await rowOf(store, 'a'), undefined);
    },
  },
  {
    name: 'eight changes are applied together',
    async check({ store }) {
      const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
      assert.equal((await store.write(ids.map((id) => change(id)))).written, true);
      assert.deepEqual(await idsOf(store, undefined, 10), ids);
    },
  },
  {
    name: 'each of eight changes is compared, whatever its place and kind',
    async check({ store }) {
      const kinds = ['account', 'budget', 'configuration'] as const;
      const rows = Array.from({ length: 8 }, (_, index) => {
        const kind = kinds[index % 3] ?? 'account';
        return change(`row-${index}`, { kind });
      });
      await store.write(rows);
      for (const [place, row] of rows.entries()) {
        const changes = rows.map((each) => ({ ...each, expected: each === row ? 7 : 1 }));
        const result = await store.write(changes);
        assert.equal(!result.written && result.conflict, `row-${place}`);
      }
      for (const { kind, id } of rows) assert.equal((await store.read(kind, id)).row?.version, 1);
    },
  },
  {
    name: 'long holders, high fences and long leases come back exactly',
    async check({ store }) {
      const lease = { holder: 'h'.repeat(120), ms: 86_400_000 };
      const fence = 2 ** 31 + 1;
      const { time } = await store.write([change('a', { lease, fence })]);
      const row = await rowOf(store, 'a');
      assert.deepEqual(
        [row?.holder, row?.fence, row?.leaseUntil],
        [lease.holder, fence, time.ms + lease.ms],
      );
    },
  },
  {
    name: 'list returns as many rows as it is asked for',
    async check({ store }) {
      const ids = Array.from(
        { length: 240 },
        (_, index) => `row-${String(index).padStart(3, '0')}`,
      );
      for (let at = 0; at < ids.length; at += 8) {
        await store.write(ids.slice(at, at + 8).map((id) => change(id)));
      }
      assert.deepEqual(await idsOf(store, undefined, 200), ids.slice(0, 200));
      assert.deepEqual(await idsOf(store, 'row-199', 200), ids.slice(200));
    },
  },
  {
    name: 'one conflict undoes all changes and names the first',
    async check({ store }) {
      await store.write([change('c'), change('d')]);
      const result = await store.write([change('a'), change('b'), change('c'), change('d')]);
      assert.equal(!result.written && result.conflict, 'c');
      assert.deepEqual(await idsOf(store, undefined, 10), ['c', 'd']);
    },
  },
  {
    name: 'an account, a budget and a configuration of the same id are three rows',
    async check({ store }) {
      const kinds = ['account', 'budget', 'configuration'] as const;
      await store.write(kinds.map((kind) => change('a', { kind, body: JSON.stringify(kind) })));
      for (const kind of kinds) {
        const { row } = await store.read(kind, 'a');
        assert.deepEqual([row?.kind, row?.body], [kind, JSON.stringify(kind)]);
      }
    },
  },
  {
    name: 'of many writes of two clients against one version exactly one succeeds',
    async check({ store, another }) {
      const clients = [store, await another()];
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          clients[index % 2]?.write([change('a', { body: `${index}` })]),
        ),
      );
      assert.equal(results.filter((result) => result?.written).length, 1);
    },
  },
  {
    name: 'two clients that count one row up lose no count',
    async check({ store, another }) {
      const times = 40;
      const countUp = async (client: typeof store) => {
        for (let done = 0; done < times; ) {
          const row = await rowOf(client, 'counter');
          const body = String(Number(row?.body ?? 0) + 1);
          const changed = change('counter', { expected: row?.version ?? 0, body });
          if ((await client.write([changed])).written) done += 1;
        }
      };
      await Promise.all([countUp(store), countUp(await another())]);
      const row = await rowOf(store, 'counter');
      assert.deepEqual([row?.version, row?.body], [2 * times, String(2 * times)]);
    },
  },
  {
    name: 'changes of several rows that two clients make in opposite order do not stand still',
    async check({ store, another }) {
      const ids = ['a', 'b', 'c', 'd'];
      await store.write(ids.map((id) => change(id)));
      const rounds = async (client: typeof store, order: readonly string[]) => {
        for (let round = 0; round < 20; round += 1) {
          const rows = await Promise.all(order.map((id) => rowOf(client, id)));
          await client.write(
            rows.map((row) => change(row?.id ?? '', { expected: row?.version ?? 0 })),
          );
        }
      };
      await Promise.all([rounds(store, ids), rounds(await another(), [...ids].reverse())]);
      const versions = await Promise.all(ids.map(async (id) => (await rowOf(store, id))?.version));
      assert.equal(new Set(versions).size, 1, `rows written together have versions ${versions}`);
    },
  },
  {
    name: 'ids are kept exactly, or refused with a TokenError: they are never changed or mixed up',
    async check({ store }) {
      const ids = [
        'crm-api/crm',
        'CRM-API/crm',
        'ü/💾',
        'a b',
        '{a}',
        'a*',
        'a:b',
        '%',
        '_',
        "'; --",
        'x'.repeat(300),
        'a\u0000b',
        '\ud800',
      ];
      for (const id of ids) {
        try {
          await store.write([change(id, { body: JSON.stringify(id) })]);
          assert.equal((await rowOf(store, id))?.body, JSON.stringify(id));
        } catch (error) {
          assert.ok(TokenError.is(error), `${JSON.stringify(id)} was refused with ${error}`);
        }
      }
    },
  },
  {
    name: 'list pages through one kind by id, in the order of code points',
    async check({ store }) {
      const ids = ['B', 'a', '💾', 'b', 'ä', 'Z', '～'];
      await store.write([...ids.map((id) => change(id)), change('x', { kind: 'budget' })]);
      assert.deepEqual(await idsOf(store, undefined, 3), ['B', 'Z', 'a']);
      assert.deepEqual(await idsOf(store, 'a', 9), ['b', 'ä', '～', '💾']);
      assert.deepEqual(await idsOf(store, '💾', 3), []);
      assert.deepEqual(await idsOf(store, undefined, 0), []);
      const budgets = await store.list('budget', undefined, 9);
      assert.deepEqual(
        budgets.map(({ id, body }) => [id, body]),
        [['x', '{}']],
      );
    },
  },
];
