import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { TokenError } from '@tokenkeep/core';
import {
  onPostgres,
  onRedis,
  type StoreServer,
  startPostgres,
  startRedis,
  storeKinds,
} from '@tokenkeep/servers';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { describeStores } from '../describe-stores.js';
import { RealWorld, whenAllowed } from './processes/real-world.js';

/** A server that somebody starts again with other settings, or that is replaced by another one. */
interface Changeable {
  readonly stores: StoreServer;
  /** `weak`: it may forget what it has confirmed. All connections end. */
  restartAs(weak: boolean): Promise<void>;
}

const changeable = { PostgreSQL: changeablePostgres, Redis: changeableRedis };

async function changeablePostgres(): Promise<Changeable> {
  const server = await startPostgres();
  return {
    stores: onPostgres(server),
    async restartAs(weak) {
      const client = new Client({ connectionString: server.superuserUrl });
      await client.connect();
      await client.query(`ALTER SYSTEM SET fsync = ${weak ? 'off' : 'on'}`);
      await client.end();
      await server.restart('fast');
    },
  };
}

async function changeableRedis(): Promise<Changeable> {
  const server = await startRedis();
  return {
    stores: onRedis(server),
    async restartAs(weak) {
      const client = new Redis(server.url);
      await client.config('SET', 'appendfsync', weak ? 'no' : 'always');
      await client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      client.disconnect();
    },
  };
}

/**
 * The first calls may still meet the connection that was cut. With a pause, in which the end of it is
 * heard: a call that is refused at once would else be made for ever, and nothing else be done.
 */
async function onceBack<Value>(work: () => Promise<Value>): Promise<Value> {
  for (let triesLeft = 100; ; triesLeft -= 1) {
    try {
      return await whenAllowed(work);
    } catch (error) {
      if (triesLeft === 0 || !TokenError.is(error, 'STORE_UNAVAILABLE')) throw error;
      await pause(20);
    }
  }
}

describeStores(
  storeKinds.filter(({ name }) => name !== 'SQLite'),
  ({ name }) => {
    let server: Changeable;
    beforeAll(async () => {
      server = await changeable[name as keyof typeof changeable]();
    });
    afterAll(() => server?.stores.stop());

    test('F59 a server that comes back without its promises is sent no single-use token for, until it has them', async () => {
      await using world = await RealWorld.begin({}, server.stores);
      const engine = await world.engine();
      const warnings: string[] = [];
      engine.on('engine:warning', ({ warning }) => warnings.push(warning));
      await engine.getToken('crm');
      const asked = world.tokenRequests.length;

      await server.restartAs(true);
      const refusal = { code: 'STORE_MISCONFIGURED', reason: 'not_durable' };
      const renew = () => onceBack(() => engine.renew('crm'));
      await expect(renew()).rejects.toMatchObject(refusal);
      await expect(renew()).rejects.toMatchObject(refusal);
      expect(world.isIssued(await engine.getToken('crm'), 1)).toBe(true);
      expect(world.tokenRequests).toHaveLength(asked);
      expect((await engine.status('crm')).state).toBe('live');
      expect(warnings).toEqual(['TOKENKEEP_NOT_DURABLE']);

      await server.restartAs(false);
      expect(world.isIssued(await renew(), 2)).toBe(true);
      expect(world.tokenRequests).toHaveLength(asked + 1);
    });
  },
);
