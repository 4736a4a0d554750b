import { expect, test } from '@jest/globals';
import { fault } from '@tokenkeep/testing';
import { authRefreshWorld, chatAppLogin, chatAppWorld, person, World } from './world.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

test('F69 a wrong password is tried once, then never again, whoever asks and however long', async () => {
  await using world = new World();
  const { server, ...setup } = await chatAppWorld(world, {
    account: { credentials: { ...chatAppLogin, password: 'wrong' } },
  });
  const engine = await world.engine(setup);
  engine.start();
  for (let call = 0; call < 30; call += 1) {
    await expect(world.run(engine.getToken('crm'))).rejects.toMatchObject({
      code: 'CREDENTIALS_REJECTED',
      retryable: false,
    });
    await world.clock.advance(HOUR);
  }
  expect(server.log.count()).toBe(1);
  expect(world.seen('account:credentials_rejected')).toHaveLength(1);
  expect(await world.run(engine.status('crm'))).toMatchObject({
    state: 'reauthorization_required',
    reason: 'credentials_rejected',
  });
  expect(engine.health().state).toBe('blocked');
});

test('F69 the latch outlives the process: a crash loop with a wrong password logs in once', async () => {
  await using world = new World();
  const { server, ...setup } = await chatAppWorld(world, {
    account: { credentials: { ...chatAppLogin, password: 'wrong' } },
  });
  for (let start = 0; start < 10; start += 1) {
    const engine = await world.engine(setup);
    engine.start();
    await expect(world.run(engine.getToken('crm'))).rejects.toMatchObject({
      code: 'CREDENTIALS_REJECTED',
    });
    await world.run(engine.stop());
    await world.clock.advance(MINUTE);
  }
  expect(server.log.count()).toBe(1);
});

test('F69 credentials that change are tried at once, in a running engine too', async () => {
  await using world = new World();
  let password = 'wrong';
  const { server, ...setup } = await chatAppWorld(world, {
    account: { credentials: () => ({ ...chatAppLogin, password }) },
  });
  const engine = await world.engine(setup);
  await expect(world.run(engine.getToken('crm'))).rejects.toMatchObject({
    code: 'CREDENTIALS_REJECTED',
  });
  await world.clock.advance(MINUTE);
  password = 'also wrong';
  await expect(world.run(engine.getToken('crm'))).rejects.toMatchObject({
    code: 'CREDENTIALS_REJECTED',
  });
  expect(server.log.count()).toBe(2);

  await world.clock.advance(MINUTE);
  ({ password } = chatAppLogin);
  const token = await world.run(engine.getToken('crm'));
  expect(server.truth.accepts(token.reveal())).toBe(true);
  expect(server.log.count()).toBe(3);
});

test('F69 a locked account is refused once for each set of credentials', async () => {
  await using world = new World();
  const { server, ...setup } = await chatAppWorld(world);
  const locked = { success: false, error: { code: 'ApiAccountLockedError', message: 'captcha' } };
  server.faults.always('obtain', fault.json(locked, 403));
  const engine = await world.engine(setup);
  for (let call = 0; call < 20; call += 1) {
    await expect(world.run(engine.getToken('crm'))).rejects.toMatchObject({
      code: 'CREDENTIALS_REJECTED',
    });
    await world.clock.advance(HOUR);
  }
  expect(server.log.count()).toBe(1);
  const [failed] = world.seen('renewal:failed');
  expect(failed?.error).toMatchObject({ providerCode: 'ApiAccountLockedError' });
});

test('F69 a login by hand with the same wrong password does reach the server: a person asked', async () => {
  await using world = new World();
  const { server, ...setup } = await chatAppWorld(world);
  server.truth.accounts.set('crm', { accountId: 'crm', ...chatAppLogin, password: 'changed' });
  const engine = await world.engine(setup);
  await expect(world.run(engine.getToken('crm'))).rejects.toMatchObject({
    code: 'CREDENTIALS_REJECTED',
  });
  server.truth.accounts.set('crm', { accountId: 'crm', ...chatAppLogin });
  await world.clock.advance(MINUTE);
  const token = await world.run(engine.login('crm'));
  expect(server.truth.accepts(token.reveal())).toBe(true);
  expect(server.log.count()).toBe(2);
});

test('F69 credentials that went bad leave a refreshable account alone: no login is needed', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  const engine = await world.engine(setup);
  engine.start();
  await world.run(engine.getToken('crm'));
  server.truth.accounts.set('crm', { accountId: 'crm', ...person, password: 'changed' });
  await world.clock.advance(DAY);
  const token = await world.run(engine.getToken('crm'));
  expect(server.truth.accepts(token.reveal())).toBe(true);
  expect(server.log.count({ operation: 'obtain' })).toBe(1);
});

test('F69 credentials that have logged in are no longer latched when the refresh token is dead', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  const engine = await world.engine(setup);
  const body = JSON.stringify({ success: false, message: 'locked' });
  server.faults.next('obtain', fault.status(401, { body, contentType: 'application/json' }));
  await expect(world.run(engine.getToken('crm'))).rejects.toMatchObject({
    code: 'CREDENTIALS_REJECTED',
  });
  await world.clock.advance(MINUTE);
  await world.run(engine.login('crm'));
  server.truth.killRefreshToken('crm');
  await world.clock.advance(2 * HOUR);
  expect(server.truth.accepts((await world.run(engine.getToken('crm'))).reveal())).toBe(true);
});
