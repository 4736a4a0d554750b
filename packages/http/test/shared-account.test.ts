import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { createTokenEngine } from '@tokenkeep/core';
import { authRefresh } from '@tokenkeep/provider-auth-refresh';
import { sqliteStore } from '@tokenkeep/store-sqlite';
import { authorizedFetch } from '../src/index.js';
import { ApiWorld, rejectionOf } from './api-world.js';

test('an account that another process added to the store is called for like any other', async () => {
  await using world = await ApiWorld.begin({ engine: { parameters: { viewMaxAgeMs: 100 } } });
  const { api, engine, folder } = world;
  const other = await createTokenEngine({
    store: sqliteStore({ path: join(folder, 'tokens.db') }),
    allowInsecureLoopback: true,
    providers: [authRefresh({ id: 'api', baseUrl: api.url })],
    accounts: [],
  });
  const credentials = { username: 'bob', password: 'pw of bob' };
  await other.accounts.add({ provider: 'api', account: 'carol', credentials }, { shared: true });
  await other.stop();
  await sleep(150);
  const carol = authorizedFetch(engine, 'carol');
  expect((await carol(`${api.url}/orders`)).status).toBe(200);

  const nobody = await rejectionOf(authorizedFetch(engine, 'nobody')(`${api.url}/orders`));
  expect(nobody).toMatchObject({ code: 'ACCOUNT_UNKNOWN' });
});
