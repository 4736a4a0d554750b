import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { StoredRow, StoreTime, TokenStore } from '@tokenkeep/core';
import { type StoreServer, type StoreSettings, storeKinds, storeOf } from '@tokenkeep/servers';
import { change } from '@tokenkeep/testing/conformance';
import { describeStores } from './describe-stores.js';
import { Child, together } from './processes/store-process.js';

async function inStore<T>(place: StoreSettings, work: (store: TokenStore) => Promise<T>) {
  const store = storeOf(place);
  await store.open();
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

const rowsOf = (place: StoreSettings): Promise<readonly StoredRow[]> =>
  inStore(place, (store) => store.list('account', undefined, 10_000));

describeStores(storeKinds, ({ name, start }) => {
  const folder = mkdtempSync(join(tmpdir(), 'tokenkeep-many-'));
  let stores: StoreServer;
  let places = 0;
  beforeAll(async () => {
    stores = await start();
  });
  afterAll(async () => {
    await stores.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const newPlace = () => {
    places += 1;
    return stores.newPlace(join(folder, String(places)));
  };

  test('six processes that open a new store at once make one, with one name and one clock', async () => {
    const place = newPlace();
    type Answer = { identity: string; time: StoreTime };
    const answers = await together<Answer>(6, 'openTogether', { place });
    expect(new Set(answers.map(({ identity }) => identity)).size).toBe(1);
    expect(new Set(answers.map(({ time }) => time.epoch))).toEqual(new Set([1]));
    expect(await rowsOf(place)).toHaveLength(6);
  });

  test('two processes never both win a version', async () => {
    const versions = 300;
    const facts = { place: newPlace(), versions };
    const [one, two] = await together<{ won: number[] }>(2, 'race', facts);
    const won = [...(one?.won ?? []), ...(two?.won ?? [])].sort((a, b) => a - b);
    expect(won).toEqual(Array.from({ length: versions }, (_, index) => index + 1));
  });

  test('four processes count one row up 100 times each, and no increment is lost', async () => {
    const place = newPlace();
    await together(4, 'increment', { place, times: 100 });
    expect(await rowsOf(place)).toMatchObject([{ version: 400, body: '400' }]);
  });

  test.each([400, 40])(
    'a due row is handed to one of four processes only, of %d',
    async (count) => {
      const place = newPlace();
      const ids = Array.from({ length: count }, (_, index) => `account-${index}`);
      await inStore(place, async (store) => {
        const { ms } = await store.now();
        await Promise.all(ids.map((id) => store.write([change(id, { due: ms })])));
      });
      type Answer = { claimed: { id: string; fence: number; version: number }[] };
      const answers = await together<Answer>(4, 'claim', { place, ids, limit: 3 });
      const claimed = answers.flatMap((answer) => answer.claimed);
      expect(claimed.map(({ id }) => id).sort()).toEqual([...ids].sort());
      expect(claimed.every(({ fence, version }) => fence === 1 && version === 2)).toBe(true);
    },
  );

  test('a process that is killed right after its write leaves the row behind, also in a crash of the server', async () => {
    const place = newPlace();
    const count = 4;
    for (let round = 0; round < count; round += 1) {
      await new Child('writeAndDie', { place, id: `row-${round}` }).ended;
      if (round % 2 === 1) await stores.restart();
    }
    const rows = await rowsOf(place);
    expect(rows.map(({ body }) => body)).toEqual(Array(count).fill('"survived"'));
  });

  test('a process that is killed in the middle of a write leaves both rows or none', async () => {
    const place = newPlace();
    for (let round = 0; round < 5; round += 1) {
      const child = new Child('writePairs', { place });
      await child.answer();
      await new Promise((resolve) => setTimeout(resolve, 20 + 13 * round));
      await child.kill();
    }
    await inStore(place, async (store) => {
      const ids = async (kind: 'account' | 'budget') =>
        (await store.list(kind, undefined, 10_000)).map(({ id }) => id.split('-')[1]);
      expect(await ids('account')).toEqual(await ids('budget'));
      expect((await ids('account')).length).toBeGreaterThan(0);
      const next = change('left-000000', { expected: 1 });
      expect(await store.write([next])).toMatchObject({ written: true });
    });
  });

  // Sockets of ioredis keep their process alive until the store is closed.
  if (name !== 'Redis') {
    test('a process that forgot to close a store that watches comes to its end all the same', async () => {
      const child = new Child('leaveOpen', { place: newPlace() });
      await child.answer();
      await child.ended;
    }, 20_000);
  }
});
