import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { StoreTime } from '@tokenkeep/core';
import type { RedisServer } from '@tokenkeep/servers';
import { change } from '@tokenkeep/testing/conformance';
import { describeOnRedis, privateRedis } from './private-redis.js';
import { Child, together } from './process/child-process.js';

describeOnRedis('many processes with one Redis', () => {
  const redis = privateRedis();
  let server: RedisServer;
  let places = 0;
  beforeAll(async () => {
    server = await redis.start();
  });
  afterAll(() => server?.stop());

  const newPlace = () => {
    places += 1;
    return { url: server.url, prefix: `place-${places}` };
  };
  const rowsOf = async (options: ReturnType<typeof newPlace>) =>
    (await redis.opened(options)).list('account', undefined, 10_000);

  test('ten that open a new store at once make one, with one name and one clock', async () => {
    const options = newPlace();
    type Answer = { identity: string; time: StoreTime };
    const answers = await together<Answer>(10, 'openTogether', { options });
    expect(new Set(answers.map(({ identity }) => identity)).size).toBe(1);
    expect(new Set(answers.map(({ time }) => time.epoch))).toEqual(new Set([1]));
    expect(await rowsOf(options)).toHaveLength(10);
  });

  test('two never both win a version', async () => {
    const options = newPlace();
    const versions = 300;
    const [one, two] = await together<{ won: number[] }>(2, 'race', { options, versions });
    const won = [...(one?.won ?? []), ...(two?.won ?? [])].sort((a, b) => a - b);
    expect(won).toEqual(Array.from({ length: versions }, (_, index) => index + 1));
  });

  test('four count one row up 100 times each, and no increment is lost', async () => {
    const options = newPlace();
    await together(4, 'increment', { options, times: 100 });
    expect(await rowsOf(options)).toMatchObject([{ version: 400, body: '400' }]);
  });

  test.each([400, 40])('a due row is handed to one of four only, of %d', async (count) => {
    const options = newPlace();
    const store = await redis.opened(options);
    const { ms } = await store.now();
    const ids = Array.from({ length: count }, (_, index) => `account-${index}`);
    await Promise.all(ids.map((id) => store.write([change(id, { due: ms })])));
    type Answer = { claimed: { id: string; fence: number; version: number }[] };
    const answers = await together<Answer>(4, 'claim', { options, ids, limit: 3 });
    const claimed = answers.flatMap((answer) => answer.claimed);
    expect(claimed.map(({ id }) => id).sort()).toEqual([...ids].sort());
    expect(claimed.every(({ fence, version }) => fence === 1 && version === 2)).toBe(true);
  });

  test('one that is killed right after its write leaves the row behind, also when the server is killed too', async () => {
    const options = newPlace();
    for (let round = 0; round < 3; round += 1) {
      await new Child('writeAndDie', { options, id: `row-${round}` }).ended;
      await server.kill();
      await server.restart();
    }
    const rows = await rowsOf(options);
    expect(rows.map(({ body }) => body)).toEqual(Array(3).fill('"survived"'));
  });

  test('one that is idle outlives its server, prints nothing and ends by itself', async () => {
    const child = new Child('idle', { options: newPlace() });
    await child.answer();
    for (let round = 0; round < 3; round += 1) {
      await server.kill();
      await new Promise((resolve) => setTimeout(resolve, 300));
      await server.restart();
      await new Promise((resolve) => setTimeout(resolve, 20 * round));
    }
    child.go();
    expect(await child.answer()).toMatchObject({ found: { version: 1 } });
    await child.ended;
    expect([child.exitCode, child.complaints]).toEqual([0, '']);
  });
});
