import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type StoreServer, storeKinds } from '@tokenkeep/servers';
import { describeStores } from '../../../test/describe-stores.js';
import { CliWorld } from './cli-world.js';

const servers = storeKinds.filter(({ name }) => name !== 'SQLite');

describeStores(servers, ({ start }) => {
  let server: StoreServer;
  /** With a password, which is in the environment, as it would be in a deployment. */
  let env: { readonly STORE: string };
  beforeAll(async () => {
    server = await start();
    env = { STORE: server.url };
  });
  afterAll(() => server.stop());

  async function newWorld(): Promise<CliWorld> {
    const world = await CliWorld.begin();
    world.configure({ store: '$' + '{STORE}', keys: './fleet.keys', escrow: './escrow' });
    return world;
  }

  test('two machines share the tokens by URL and key file', async () => {
    await using world = await newWorld();
    const without = await world.run(['token', 'crm'], { env });
    expect([without.code, without.err]).toEqual([6, expect.stringContaining('tokenkeep keys add')]);

    const doctor = await world.run(['doctor'], { env });
    expect(doctor.code).not.toBe(0);
    expect(doctor.out).toMatch(/fleet\.keys is missing[\s\S]*tokenkeep keys add/);

    const made = await world.run(['keys', 'add'], { env });
    expect([made.code, made.err]).toEqual([0, '']);
    const first = await world.run(['token', 'crm'], { env });
    expect([first.code, first.out, first.err]).toEqual([0, `${world.newestToken()}\n`, '']);

    // Another machine: another folder, the same server and keys.
    const there = join(world.folder, 'there');
    mkdirSync(there);
    for (const file of ['tokenkeep.json', 'fleet.keys']) {
      copyFileSync(join(world.folder, file), join(there, file));
    }
    const config = ['--config', join(there, 'tokenkeep.json')];
    const second = await world.run([...config, 'token', 'crm'], { env });
    expect(second.out).toBe(first.out);
    expect(world.server.log.logins()).toHaveLength(1);

    const { password, host } = new URL(env.STORE);
    for (const command of [['status'], ['doctor'], ['keys', 'list'], ['doctor', '--json']]) {
      const { code, out, err } = await world.run(command, { env });
      expect([command, code]).toEqual([command, 0]);
      expect(out + err).not.toContain(password);
    }
    expect((await world.run(['doctor'], { env })).out).toContain(host);
  });

  test('a server that is not there is told of in a sentence, without the password', async () => {
    await using world = await newWorld();
    const nowhere = new URL(env.STORE);
    nowhere.port = '1';
    const away = { env: { STORE: nowhere.href } };
    await world.run(['keys', 'add'], away);
    const { code, err } = await world.run(['token', 'crm'], away);
    expect(code).toBe(6);
    expect(err).toContain('127.0.0.1:1');
    expect(err).not.toContain(nowhere.password);
    expect(err).not.toMatch(/\n\s+at /);
  });
});
