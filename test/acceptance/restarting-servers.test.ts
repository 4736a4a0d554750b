import { describe, expect, test } from '@jest/globals';
import { TokenError } from '@tokenkeep/core';
import { Redis } from 'ioredis';
import { postgresMissing, startPostgres } from '../servers/postgres-server.js';
import { redisMissing, startRedis } from '../servers/redis-server.js';
import { onPostgres, onRedis } from '../servers/store-servers.js';
import { RealWorld, whenAllowed } from './processes/real-world.js';

const mostRenewals = 4;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** What a caller and a renewal meet while their server goes away and comes back, again and again. */
async function meets(world: RealWorld, restart: () => Promise<void>) {
  const engine = await world.engine();
  await engine.getToken('crm');
  const served: number[] = [];
  const refused: string[] = [];
  let isOver = false;
  const ask = async () => {
    while (!isOver) {
      const token = await engine.getToken('crm');
      served.push(token.generation);
      await pause(10);
    }
  };
  const renew = async () => {
    // Not more often than the hourly cap of an account allows.
    for (let renewed = 0; !isOver; await pause(100)) {
      if (renewed === mostRenewals) continue;
      try {
        await engine.renew('crm');
        renewed += 1;
      } catch (error) {
        refused.push(TokenError.is(error) ? error.code : String(error));
      }
    }
  };
  const restarts = async () => {
    for (let round = 0; round < 4; round += 1) {
      await pause(500);
      await restart();
    }
    isOver = true;
  };
  await Promise.all([ask(), renew(), restarts()]);
  const token = await whenAllowed(() => engine.renew('crm'));
  return { served, refused, token };
}

const notTheAccounts = ['STORE_UNAVAILABLE', 'GUARD_REFUSED', 'WAIT_TIMED_OUT', 'TOKEN_REFUSED'];

describe('a server that is restarted every half second', () => {
  (postgresMissing === undefined ? test : test.skip)(
    `F61 PostgreSQL, immediately: valid tokens are served, and no account is blamed${note(postgresMissing)}`,
    async () => {
      await using server = stopped(await startPostgres());
      await using world = await RealWorld.begin(
        { rotation: { kind: 'strict' } },
        onPostgres(server),
      );
      judge(world, await meets(world, () => server.restart('immediate')));
    },
    60_000,
  );

  (redisMissing === undefined ? test : test.skip)(
    `F61 Redis, killed: valid tokens are served, and no account is blamed${note(redisMissing)}`,
    async () => {
      await using server = stopped(await startRedis());
      await using world = await RealWorld.begin({ rotation: { kind: 'strict' } }, onRedis(server));
      judge(
        world,
        await meets(world, async () => {
          await server.kill();
          await server.restart();
        }),
      );
    },
    60_000,
  );

  (redisMissing === undefined ? test : test.skip)(
    `F62 a Redis that was emptied is an outage, and not a store without accounts${note(redisMissing)}`,
    async () => {
      await using server = stopped(await startRedis());
      await using world = await RealWorld.begin({}, onRedis(server));
      const engine = await world.engine();
      const { generation } = await engine.getToken('crm');
      const asked = world.tokenRequests.length;
      const client = new Redis(server.url);
      await client.flushall();
      client.disconnect();
      await expect(engine.renew('crm')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      // The token at hand has not ended.
      expect((await engine.getToken('crm')).generation).toBe(generation);
      expect(world.tokenRequests).toHaveLength(asked);
    },
    60_000,
  );
});

/** Whatever the test finds, the server is gone with it. */
function stopped<Server extends { stop(): Promise<void> }>(server: Server) {
  return Object.assign(server, { [Symbol.asyncDispose]: () => server.stop() });
}

function note(missing: string | undefined): string {
  return missing === undefined ? '' : ` (${missing})`;
}

function judge(
  world: RealWorld,
  { served, refused, token }: Awaited<ReturnType<typeof meets>>,
): void {
  expect(served.length).toBeGreaterThan(20);
  expect(served).toEqual(served.toSorted((a, b) => a - b));
  expect(new Set(refused.filter((code) => !notTheAccounts.includes(code)))).toEqual(new Set());
  expect(world.server.log.replays()).toEqual([]);
  expect(world.server.log.logins()).toHaveLength(1);
  expect(world.server.truth.family('crm')?.revoked).toBe(false);
  expect(token.reveal()).toBe(world.server.truth.current('crm')?.accessToken);
}
