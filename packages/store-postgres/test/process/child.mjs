// One process of a multi-process test: `node child.mjs <command> <json>`. Uses the built package.
// Each answer is one line of JSON on stdout.

import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { postgresStore } from '@tokenkeep/store-postgres';

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

// The URL has a password: it comes in the environment, which other users do not see.
async function opened(schema) {
  const store = postgresStore({ url: process.env.STORE_URL, schema });
  await store.open();
  return store;
}

/** All children of a test start their work at the same word of the parent. */
async function ready() {
  say({ ready: true });
  await once(process.stdin, 'data');
  process.stdin.destroy();
}

const commands = {
  async openTogether({ schema }) {
    await ready();
    const store = await opened(schema);
    await store.write([row(`from ${process.pid}`)]);
    say({ identity: await store.identity() });
    await store.close();
  },

  /** Writes the same versions of one row as everybody else and says which it won. */
  async race({ schema, versions }) {
    const store = await opened(schema);
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

  async increment({ schema, times }) {
    const store = await opened(schema);
    await ready();
    let conflicts = 0;
    for (let done = 0; done < times; ) {
      const found = (await store.read('account', 'counter')).row;
      const body = String(Number(found?.body ?? 0) + 1);
      const expected = found?.version ?? 0;
      if ((await store.write([row('counter', { expected, body })])).written) done += 1;
      else conflicts += 1;
    }
    await store.close();
    say({ conflicts });
  },

  async claim({ schema, ids, limit }) {
    const store = await opened(schema);
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
  async claimAlwaysDue({ schema, times }) {
    const store = await opened(schema);
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
  async writeAndDie({ schema, id }) {
    const store = await opened(schema);
    await store.write([row(id, { body: '"survived"' })]);
    process.kill(process.pid, 'SIGKILL');
  },

  /** Writes pairs of rows without end. */
  async writePairs({ schema }) {
    const store = await opened(schema);
    say({ ready: true });
    for (let count = 0; ; count += 1) {
      const id = String(count).padStart(6, '0');
      await store.write([row(`left-${id}`), row(`right-${id}`, { kind: 'budget' })]);
    }
  },

  /** Opens, watches, and has nothing else to do. */
  async leaveOpen({ schema }) {
    const store = await opened(schema);
    await store.watch(() => {});
    say({ ok: true });
  },
};

const [command, facts] = process.argv.slice(2);
await commands[command](JSON.parse(facts));
