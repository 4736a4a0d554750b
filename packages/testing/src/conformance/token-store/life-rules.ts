import assert from 'node:assert/strict';
import { TokenError } from '@tokenkeep/core';
import { change, rowOf, type StoreRule } from './store-rule.js';

/** Longer than a hint may take where it comes at all. */
const hintWithinMs = 5_000;

/** Opening, closing, and what other clients are told. */
export const lifeRules: readonly StoreRule[] = [
  {
    name: 'a durable store has its rows again when it was closed and is opened anew',
    async check({ store, another }) {
      if (!store.traits.durable) return;
      const before = await store.identity();
      await store.write([change('a', { body: '"kept"' })]);
      await store.close();
      const again = await another();
      assert.equal((await rowOf(again, 'a'))?.body, '"kept"');
      assert.equal(await again.identity(), before);
    },
  },
  {
    name: 'a durable store that was closed answers with a STORE_ error, and closes twice',
    async check({ store }) {
      if (!store.traits.durable) return;
      await store.close();
      await assert.rejects(store.read('account', 'a'), (error) => {
        assert.ok(TokenError.is(error) && error.code.startsWith('STORE_'), `${error}`);
        return true;
      });
      await store.close();
    },
  },
  {
    name: 'traits say what it is and where, without a secret',
    async check({ store: { traits } }) {
      assert.match(traits.name, /^[a-z][a-z0-9-]*$/);
      assert.ok(traits.location.length > 0);
      assert.doesNotMatch(traits.location, /:[^/@]*@/, 'a location carries no password');
      assert.ok(['process', 'host', 'fleet'].includes(traits.sharedBy));
    },
  },
  {
    name: 'whoever watches is told of a row that another client has released, and no more after stop',
    async check({ store, another }) {
      if (store.watch === undefined) return;
      const told: string[] = [];
      const heard = () => told.includes('a');
      const watching = await store.watch((id) => void told.push(id));
      const second = await another();
      const lease = { holder: 'other', ms: 60_000 };
      const { ms } = await second.now();
      await second.write([change('held', { lease, due: ms })]);
      await second.write([change('held', { lease, due: ms, expected: 1 })]);
      await second.write([change('held', { kind: 'budget' })]);
      await second.write([change('held', { kind: 'configuration' })]);
      await second.write([change('a')]);
      for (let waitedMs = 0; !heard() && waitedMs < hintWithinMs; waitedMs += 10) await sleep(10);
      assert.ok(heard(), `nothing was told within ${hintWithinMs} ms`);
      assert.ok(!told.includes('held'), 'a row that somebody works on is nothing to look at');
      await watching.stop();
      await second.write([change('b')]);
      await sleep(100);
      assert.ok(!told.includes('b'), 'it was told after stop()');
    },
  },
];

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
