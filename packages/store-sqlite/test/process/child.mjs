// One process of a multi-process test: `node child.mjs <command> <json>`. Uses the built package.
// Each answer is one line of JSON on stdout.

import { once } from 'node:events';
import { closeSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { sqliteStore } from '@tokenkeep/store-sqlite';

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
const outcome = (work) =>
  work.then(
    () => ({ ok: true }),
    ({ name, code, reason, message, retryable }) => ({ name, code, reason, message, retryable }),
  );

async function opened(path) {
  const store = sqliteStore({ path });
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
  async open({ path }) {
    const store = sqliteStore({ path });
    const result = await outcome(store.open());
    await store.close();
    say(result);
  },

  async openTogether({ path }) {
    await ready();
    const store = await opened(path);
    await store.write([row(`from ${process.pid}`)]);
    say({ time: await store.now() });
    await store.close();
  },

  /** Writes the same versions of one row as everybody else and says which it won. */
  async race({ path, versions }) {
    const store = await opened(path);
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

  async increment({ path, times }) {
    const store = await opened(path);
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

  async claim({ path, ids, limit }) {
    const store = await opened(path);
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
  async writeAndDie({ path, id }) {
    const store = await opened(path);
    await store.write([row(id, { body: '"survived"' })]);
    process.kill(process.pid, 'SIGKILL');
  },

  /** Holds the write lock in the middle of a change until it is killed. */
  async holdLock({ path }) {
    const store = await opened(path);
    await store.write([row('before')]);
    const { connect } = await import(new URL('../../dist/connection.js', import.meta.url).href);
    const connection = connect(path);
    connection.exec("BEGIN IMMEDIATE; UPDATE rows SET body = 'unfinished'");
    say({ locked: true });
    setInterval(() => {}, 1_000);
  },

  /** Makes, fills, closes and deletes a database again and again under the given umask. */
  async churn({ folder, umask, rounds, done }) {
    process.umask(umask);
    for (let round = 0; round < rounds; round += 1) {
      const store = await opened(join(folder, 'made', 'tokens.db'));
      for (let expected = 0; expected < 5; expected += 1) {
        await store.write([row('a', { expected, body: JSON.stringify('x'.repeat(20_000)) })]);
      }
      await store.close();
      rmSync(join(folder, 'made'), { recursive: true });
    }
    const kept = await opened(join(folder, 'made', 'tokens.db'));
    await kept.write([row('a')]);
    writeFileSync(done, '');
  },

  /** Opens with every file descriptor of this process in use. */
  async openWithoutDescriptors({ path, existing }) {
    if (existing) await (await opened(path)).close();
    const taken = [];
    try {
      for (;;) taken.push(openSync('/dev/null', 'r'));
    } catch {}
    const bootId = existing ? undefined : 'a boot';
    const result = await outcome(sqliteStore({ path, bootId }).open());
    for (const descriptor of taken) closeSync(descriptor);
    say({ result, later: await outcome(sqliteStore({ path, bootId }).open()) });
  },

  /** On a small disk of its own: fills it, writes, makes space, writes. */
  async fillDisk({ folder }) {
    const path = join(folder, 'tokens.db');
    const store = await opened(path);
    const acknowledged = [];
    const body = JSON.stringify('x'.repeat(10_000));
    const write = async (id) => {
      const result = await outcome(store.write([row(id, { body })]));
      if (result.ok) acknowledged.push(id);
      return result;
    };
    await write('before');
    const ballast = join(folder, 'ballast');
    fill(ballast);
    let refused;
    for (let count = 0; refused === undefined && count < 2_000; count += 1) {
      const result = await write(`during-${count}`);
      if (!result.ok) refused = result;
    }
    const again = await write('still full');
    const readable = (await store.read('account', 'before')).row?.body === body;
    rmSync(ballast);
    const after = await write('after');
    await store.close();
    const reader = await opened(path);
    const kept = (await reader.list('account', undefined, 5_000)).map(({ id }) => id);
    await reader.close();
    say({ refused, again, readable, after, acknowledged: acknowledged.sort(), kept: kept.sort() });
  },

  async openOnFullDisk({ folder }) {
    fill(join(folder, 'ballast'));
    const store = sqliteStore({ path: join(folder, 'tokens.db') });
    const full = await outcome(store.open());
    rmSync(join(folder, 'ballast'));
    say({ full, after: await outcome(store.open()) });
  },
};

function fill(path) {
  const descriptor = openSync(path, 'wx', 0o600);
  for (const size of [64 * 1024, 4 * 1024, 1]) {
    try {
      for (;;) writeSync(descriptor, Buffer.alloc(size));
    } catch {}
  }
  closeSync(descriptor);
}

const [command, facts] = process.argv.slice(2);
await commands[command](JSON.parse(facts));
