// One process that does to files what no test should do to its own. Uses the built package.

import { closeSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { sqliteStore } from '@tokenkeep/store-sqlite';
import { obey, row, say } from '../../../../test/processes/lines.mjs';

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

await obey({
  async open({ path }) {
    const store = sqliteStore({ path });
    const result = await outcome(store.open());
    await store.close();
    say(result);
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
});

function fill(path) {
  const descriptor = openSync(path, 'wx', 0o600);
  for (const size of [64 * 1024, 4 * 1024, 1]) {
    try {
      for (;;) writeSync(descriptor, Buffer.alloc(size));
    } catch {}
  }
  closeSync(descriptor);
}
