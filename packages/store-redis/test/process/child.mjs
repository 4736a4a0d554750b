// One process of a multi-process test: `node child.mjs <command>`, facts as a line of JSON on stdin.
// Uses the built package. Each answer is one line of JSON on stdout.

import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { redisStore } from '@tokenkeep/store-redis';

const lines = createInterface(process.stdin)[Symbol.asyncIterator]();
const say = (answer) => writeSync(1, `${JSON.stringify(answer)}\n`);
const row = (id, facts = {}) => ({
  kind: 'account',
  id,
  expected: 0,
  body: '{}',
  due: undefined,
  fence: 0,
  ...facts,
});

async function opened(options) {
  const store = redisStore(options);
  await store.open();
  return store;
}

/** All children of a test start their work at the same word of the parent. */
async function ready() {
  say({ ready: true });
  await lines.next();
}

const commands = {
  async openTogether({ options }) {
    await ready();
    const store = await opened(options);
    await store.write([row(`from ${process.pid}`)]);
    say({ identity: await store.identity(), time: await store.now() });
    await store.close();
  },

  /** Writes the same versions of one row as everybody else and says which it won. */
  async race({ options, versions }) {
    const store = await opened(options);
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

  async increment({ options, times }) {
    const store = await opened(options);
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

  async claim({ options, ids, limit }) {
    const store = await opened(options);
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

  /** Dies by SIGKILL in the very tick in which its write resolves. */
  async writeAndDie({ options, id }) {
    const store = await opened(options);
    await store.write([row(id, { body: '"survived"' })]);
    process.kill(process.pid, 'SIGKILL');
  },

  /** Opens and listens, and does nothing while its server fails. */
  async idle({ options }) {
    const store = await opened(options);
    const told = [];
    const watching = await store.watch((id) => told.push(id));
    await ready();
    await store.write([row('after')]);
    const { row: found } = await store.read('account', 'after');
    await watching.stop();
    await store.close();
    say({ found });
  },
};

const [command] = process.argv.slice(2);
await commands[command](JSON.parse((await lines.next()).value));
lines.return?.();
process.stdin.destroy();
