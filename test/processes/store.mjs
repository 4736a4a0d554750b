// One process of a test in which several share a store: see `store-process.ts`. Uses the built packages.

import { storeOf } from '@tokenkeep/servers';
import { obey, ready, row, say } from './lines.mjs';

/** @param {import('@tokenkeep/servers').StoreSettings} place */
async function opened(place) {
  const store = storeOf(place);
  await store.open();
  return store;
}

await obey({
  async openTogether({ place }) {
    await ready();
    const store = await opened(place);
    await store.write([row(`from ${process.pid}`)]);
    say({ identity: await store.identity(), time: await store.now() });
    await store.close();
  },

  /** Writes the same versions of one row as everybody else and says which it won. */
  async race({ place, versions }) {
    const store = await opened(place);
    await ready();
    const won = [];
    for (let expected = 0; expected < versions; expected += 1) {
      const { written } = await store.write([
        row('contested', { expected, body: `${process.pid}` }),
      ]);
      if (written) won.push(expected + 1);
    }
    await store.close();
    say({ won });
  },

  async increment({ place, times }) {
    const store = await opened(place);
    await ready();
    for (let done = 0; done < times; ) {
      const found = (await store.read('account', 'counter')).row;
      const body = String(Number(found?.body ?? 0) + 1);
      const expected = found?.version ?? 0;
      if ((await store.write([row('counter', { expected, body })])).written) done += 1;
    }
    await store.close();
    say({ done: true });
  },

  async claim({ place, ids, limit }) {
    const store = await opened(place);
    await ready();
    const claimed = [];
    for (;;) {
      const query = { ids, holder: `${process.pid}`, leaseMs: 600_000, limit };
      const { rows } = await store.claimDue(query);
      if (rows.length === 0) break;
      claimed.push(...rows.map(({ id, fence, version }) => ({ id, fence, version })));
    }
    await store.close();
    say({ claimed });
  },

  /** Claims a row that is due and free at every moment, while others write it. */
  async claimAlwaysDue({ place, times }) {
    const store = await opened(place);
    await ready();
    let nothing = 0;
    for (let done = 0; done < times; done += 1) {
      const query = { ids: ['hot'], holder: `${process.pid}`, leaseMs: 0, limit: 1 };
      if ((await store.claimDue(query)).rows.length === 0) nothing += 1;
    }
    await store.close();
    say({ nothing });
  },

  /** Dies by SIGKILL in the very tick in which its write resolves. */
  async writeAndDie({ place, id }) {
    const store = await opened(place);
    await store.write([row(id, { body: '"survived"' })]);
    process.kill(process.pid, 'SIGKILL');
  },

  /** Writes pairs of rows without end. */
  async writePairs({ place }) {
    const store = await opened(place);
    say({ ready: true });
    for (let count = 0; ; count += 1) {
      const id = String(count).padStart(6, '0');
      await store.write([row(`left-${id}`), row(`right-${id}`, { kind: 'budget' })]);
    }
  },

  /** Opens, watches, and has nothing else to do. */
  async leaveOpen({ place }) {
    const store = await opened(place);
    await store.watch?.(() => {});
    say({ ok: true });
  },

  /** Opens and listens, and does nothing while its server fails. */
  async idle({ place }) {
    const store = await opened(place);
    const watching = await store.watch?.(() => {});
    await ready();
    await store.write([row('after')]);
    const { row: found } = await store.read('account', 'after');
    await watching?.stop();
    await store.close();
    say({ found });
  },
});
