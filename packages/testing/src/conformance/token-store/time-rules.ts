import assert from 'node:assert/strict';
import { change, type StoreRule } from './store-rule.js';

/** One clock for all clients, which never goes back. */
export const timeRules: readonly StoreRule[] = [
  {
    name: 'the time moves when it is moved, and stands when it stands',
    byHand: true,
    async check({ store, pass }) {
      const before = await store.now();
      assert.deepEqual(await store.now(), before);
      await pass(60_000);
      const after = { epoch: before.epoch, ms: before.ms + 60_000 };
      assert.deepEqual(await store.now(), after);
      assert.deepEqual((await store.read('account', 'a')).time, after);
      assert.deepEqual((await store.upcoming(undefined, 1)).time, after);
    },
  },
  {
    name: 'the time moves on by at least what passes, in every answer',
    async check({ store, pass }) {
      let before = await store.now();
      const answers = [
        () => store.now(),
        async () => (await store.read('account', 'a')).time,
        async () => (await store.write([change('a')])).time,
        async () => (await store.write([change('a')])).time,
        async () => (await store.claimDue({ ids: ['a'], holder: 'me', leaseMs: 1, limit: 1 })).time,
        async () => (await store.upcoming(undefined, 1)).time,
      ];
      for (const answer of answers) {
        await pass(30);
        const time = await answer();
        assert.equal(time.epoch, before.epoch);
        // Timers of Node may be a millisecond early.
        assert.ok(time.ms - before.ms >= 28, `${time.ms - before.ms} ms passed, and not 30`);
        before = time;
      }
    },
  },
  {
    name: 'clients of one place have one time and one identity, and another place has its own',
    async check({ store, another, elsewhere }) {
      const second = await another();
      const sooner = await store.now();
      const later = await second.now();
      assert.equal(later.epoch, sooner.epoch);
      assert.ok(later.ms >= sooner.ms, `the second client is ${sooner.ms - later.ms} ms behind`);
      assert.ok((await store.identity()).length >= 8, 'an identity is a random text');
      assert.equal(await second.identity(), await store.identity());
      assert.notEqual(await (await elsewhere()).identity(), await store.identity());
    },
  },
];
