import { expect, test } from '@jest/globals';
import { apiCall } from './api-call.js';
import { authRefreshWorld, World } from './world.js';

test('F49 when the whole session was ended at the server, a refused call is repeated after refresh and login, without a wait', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  const engine = await world.engine(setup);
  await world.run(engine.getToken('crm'));
  await world.clock.advance(10 * 60_000);
  server.truth.revokeFamily('crm');

  const reply = await world.run(engine.withToken('crm', apiCall(world, server)));

  expect(reply.status).toBe(200);
  expect(server.log.entries.map(({ operation, outcome }) => `${operation} ${outcome}`)).toEqual([
    'obtain issued',
    'api token_rejected',
    'refresh refused',
    'obtain issued',
    'api served',
  ]);
});
