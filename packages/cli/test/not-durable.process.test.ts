import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { onPostgres, postgresMissing, type StoreServer, startPostgres } from '@tokenkeep/servers';
import { describeStores } from '../../../test/describe-stores.js';
import { CliWorld } from './cli-world.js';

const careless = {
  name: 'PostgreSQL',
  missing: postgresMissing,
  start: async () => onPostgres(await startPostgres({ settings: { fsync: 'off' } })),
} as const;

describeStores([careless], ({ start }) => {
  let server: StoreServer;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server.stop());

  test('a server that may forget is refused for single-use tokens, unless the config accepts that', async () => {
    await using world = await CliWorld.begin();
    const configured = { store: '$' + '{STORE}', keys: './fleet.keys', escrow: './escrow' };
    const env = { STORE: server.url };
    world.configure(configured);
    await world.run(['keys', 'add'], { env });
    const refused = await world.run(['token', 'crm'], { env });
    expect(refused.code).not.toBe(0);
    expect(refused.err).toMatch(/fsync[\s\S]*whenNotDurable/);
    expect(world.server.log.logins()).toHaveLength(0);

    world.configure({ ...configured, whenNotDurable: 'warn' });
    const accepted = await world.run(['token', 'crm'], { env });
    expect([accepted.code, accepted.out]).toEqual([0, `${world.newestToken()}\n`]);
    const doctor = await world.run(['doctor'], { env });
    expect(doctor.out).toMatch(/fsync/);
  });
});
