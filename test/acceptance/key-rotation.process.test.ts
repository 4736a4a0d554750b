import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  changeKeyFile,
  defaultParameters,
  newSealingKey,
  readKeyFile,
  systemRandom,
} from '@tokenkeep/core';
import { type StoreServer, storeKinds } from '@tokenkeep/servers';
import { describeStores } from '../describe-stores.js';
import type { EngineProcess, Watched } from './processes/engine-process.js';
import { RealWorld } from './processes/real-world.js';

const accounts = ['ada', 'ben', 'cleo'];
const cli = fileURLToPath(new URL('../../packages/cli/dist/main.js', import.meta.url));

/** Four processes that ask all the time, and are restarted one after the other. */
class Replicas {
  readonly errors: string[] = [];
  #running: { readonly child: EngineProcess; readonly watched: Promise<Watched> }[] = [];

  constructor(private readonly world: RealWorld) {}

  get one(): EngineProcess {
    return (this.#running[0] as { child: EngineProcess }).child;
  }

  async start(): Promise<void> {
    for (let index = 0; index < 4; index += 1) this.#running.push(await this.#newOne());
  }

  /** One at a time, as a deployment does it; the last one is killed instead of stopped. */
  async roll(): Promise<void> {
    for (const [index, { child, watched }] of [...this.#running].entries()) {
      if (index === 3) await child.kill();
      else await child.ask('endWatch');
      this.errors.push(
        ...(await watched.then(
          ({ errors }) => errors,
          () => [],
        )),
      );
      if (index !== 3) await child.ask('stop');
      await child.kill();
      this.#running[index] = await this.#newOne();
    }
  }

  async end(): Promise<void> {
    for (const { child, watched } of this.#running) {
      await child.ask('endWatch');
      this.errors.push(...(await watched).errors);
    }
  }

  async #newOne() {
    const child = await this.world.process();
    return { child, watched: child.ask<Watched>('watch', { keys: accounts, everyMs: 25 }) };
  }
}

/** `tokenkeep keys retire` on the store of the world. */
function retire(world: RealWorld, keyFile: string, id: string) {
  const { store } = world;
  const place =
    store.kind === 'sqlite'
      ? { store: store.path }
      : {
          store: '$' + '{STORE}',
          namespace: store.kind === 'postgres' ? store.schema : store.prefix,
          keys: keyFile,
        };
  const config = join(world.folder, 'tokenkeep.json');
  writeFileSync(config, JSON.stringify({ ...place, providers: {} }), { mode: 0o600 });
  const env = { ...process.env, STORE: store.kind === 'sqlite' ? '' : store.url };
  return new Promise<{ code: number; text: string }>((resolve) => {
    const args = [cli, '--config', config, 'keys', 'retire', id];
    execFile(process.execPath, args, { env }, (error, out, err) => {
      resolve({ code: Number(error?.code ?? 0), text: out + err });
    });
  });
}

describeStores(storeKinds, ({ start }) => {
  let stores: StoreServer;
  beforeAll(async () => {
    stores = await start();
  });
  afterAll(() => stores.stop());

  test('S33 keys are added, promoted and retired while four processes run: no caller notices', async () => {
    // Not scaled: a caller's patience of a second and a half is short while a dozen processes start.
    const parameters = { ...defaultParameters, gapMs: 20 };
    await using world = await RealWorld.begin({ accounts, parameters }, stores);
    const { store } = world;
    const keyFile = store.kind === 'sqlite' ? `${store.path}.key` : store.keyFile;
    const replicas = new Replicas(world);
    await replicas.start();
    const former = readKeyFile(keyFile)?.[0].id ?? '';

    const added = newSealingKey(systemRandom());
    changeKeyFile(keyFile, ([first, ...others]) => [first, ...others, added]);
    await replicas.roll();
    changeKeyFile(keyFile, (keys) => [added, ...keys.filter(({ id }) => id !== added.id)]);
    await replicas.roll();

    const tooSoon = await retire(world, keyFile, former);
    expect(tooSoon.code).not.toBe(0);
    expect(tooSoon.text).toContain('crm-api/ada');
    expect(readKeyFile(keyFile)).toHaveLength(2);

    for (const key of accounts) await replicas.one.ask('renew', { key });
    expect(await retire(world, keyFile, former)).toMatchObject({ code: 0 });
    expect(readKeyFile(keyFile)?.map(({ id }) => id)).toEqual([added.id]);
    await replicas.roll();
    await replicas.end();

    expect(replicas.errors).toEqual([]);
    expect(world.server.log.logins()).toHaveLength(accounts.length);
    expect(world.server.log.replays()).toEqual([]);
  }, 120_000);
});
