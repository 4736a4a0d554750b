import { expect, test } from '@jest/globals';
import { fault } from '@tokenkeep/testing';
import { authRefreshWorld, World } from './world.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Credentials of a client: they go along with a refresh, and log nobody in until they have a password. */
async function clientWorld(world: World) {
  const login = { possible: true };
  const { server, providers, accounts } = await authRefreshWorld(world);
  const canObtain = () => login.possible;
  const [provider] = providers;
  return { server, login, providers: [{ ...provider, canObtain } as never], accounts };
}

test('credentials that cannot log in ask for a person once, and nothing is sent', async () => {
  await using world = new World();
  const { server, login, ...setup } = await clientWorld(world);
  const engine = await world.engine(setup);
  await world.run(engine.getToken('crm'));
  engine.start();
  login.possible = false;
  server.faults.always('refresh', fault.json({ error: 'invalid_grant' }, 400));
  await world.clock.advance(2 * DAY);
  for (let call = 0; call < 20; call += 1) {
    await expect(world.run(engine.getToken('crm'))).rejects.toMatchObject({
      code: 'REAUTHORIZATION_REQUIRED',
      reason: 'refresh_token_rejected',
      retryable: false,
    });
    await world.clock.advance(HOUR);
  }
  expect(server.log.count({ operation: 'refresh' })).toBe(1);
  expect(server.log.count({ operation: 'obtain' })).toBe(1);
  expect(world.seen('account:reauthorization_required')).toEqual([
    expect.objectContaining({ reason: 'refresh_token_rejected' }),
  ]);
  expect(engine.health().state).toBe('blocked');
});

test('credentials that can log in again do so at the next call', async () => {
  await using world = new World();
  const { server, login, ...setup } = await clientWorld(world);
  login.possible = false;
  const engine = await world.engine(setup);
  await expect(world.run(engine.getToken('crm'))).rejects.toMatchObject({
    code: 'REAUTHORIZATION_REQUIRED',
    reason: 'no_refresh_token',
  });
  login.possible = true;
  expect((await world.run(engine.getToken('crm'))).reveal()).toMatch(/./);
  expect(server.log.count()).toBe(1);
});

test('a rotation by hand leaves the token alone where nobody can log in', async () => {
  await using world = new World();
  const { server, login, ...setup } = await clientWorld(world);
  const engine = await world.engine(setup);
  const token = await world.run(engine.getToken('crm'));
  login.possible = false;
  await world.clock.advance(60_000);
  await world.run(engine.rotate('crm').catch(() => {}));
  expect((await world.run(engine.getToken('crm'))).reveal()).toBe(token.reveal());
  expect(server.log.count()).toBe(1);
  await expect(world.run(engine.login('crm'))).rejects.toMatchObject({ reason: 'no_credentials' });
});
