import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type StoreServer, storeKinds } from '@tokenkeep/servers';
import { describeStores } from '../../../test/describe-stores.js';
import { CliWorld } from './cli-world.js';

const redisAlone = storeKinds.filter(({ name }) => name === 'Redis');

describeStores(redisAlone, ({ start }) => {
  let server: StoreServer;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server.stop());

  test('nothing is sent while fewer replicas than the config wants have what was written', async () => {
    await using world = await CliWorld.begin();
    const configured = { store: '$' + '{STORE}', keys: './fleet.keys', escrow: './escrow' };
    const env = { STORE: server.url };
    world.configure({ ...configured, redis: { waitForReplicas: 1 } });
    await world.run(['keys', 'add'], { env });
    const { code, err } = await world.run(['token', 'crm'], { env });
    expect([code, err]).toEqual([6, expect.stringContaining('0 of 1 replicas')]);
    expect(world.server.log.logins()).toEqual([]);

    world.configure({ ...configured, redis: { waitForReplicas: 0, fsync: 'server' } });
    const { out } = await world.run(['token', 'crm'], { env });
    expect(out).toBe(`${world.newestToken()}\n`);
  });
});
