import { expect, test } from '@jest/globals';
import { freePort } from '@tokenkeep/servers';
import { type Fault, fault } from '@tokenkeep/testing';
import { authRefreshWorld, chatAppLogin, chatAppWorld, World } from './world.js';

const minute = 60_000;
const day = 24 * 60 * minute;
const account = { accountId: 'crm', ...chatAppLogin };

async function asksEveryMinute(world: World, ms: number, ask: () => Promise<unknown>) {
  for (let passed = 0; passed < ms; passed += minute) {
    await world.run(ask().catch(() => {}));
    await world.clock.advance(minute);
  }
}

const loginFaults: [string, Fault][] = [
  ['is throttled', fault.retryAfter(429, 90)],
  ['fails with 503', fault.status(503)],
  ['fails with 500', fault.status(500)],
  ['is redirected', fault.redirect(302, '/elsewhere')],
  ['gets no reply', fault.dropBeforeProcessing()],
  ['is refused without a reason', fault.html(2_048, 400)],
  ['meets a rejected client', fault.json({ error: 'invalid_client' }, 401)],
];

test.each(loginFaults)(
  'F38 I1 never-resend: a login that %s does not bring the refresh token in doubt back',
  async (_, loginFault) => {
    await using world = new World();
    const { server, ...setup } = await authRefreshWorld(world);
    const engine = await world.engine(setup);
    await world.run(engine.getToken('crm'));
    server.faults.next('refresh', fault.dropAfterProcessing());
    server.faults.next('obtain', loginFault, loginFault);
    await asksEveryMinute(world, 100 * minute, () => engine.getToken('crm'));
    expect(server.log.requestsPerGeneration().get('crm#1')).toBe(1);
    expect(server.log.replays()).toEqual([]);
    expect(server.log.logins()).toHaveLength(4);
    const token = await world.run(engine.getToken('crm'));
    expect(server.truth.accepts(token.reveal())).toBe(true);
  },
);

test('F38 F69 never-resend: rejected credentials leave the refresh token in doubt alone', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  const engine = await world.engine(setup);
  await world.run(engine.getToken('crm'));
  server.faults.next('refresh', fault.dropAfterProcessing());
  server.faults.always('obtain', fault.json({ success: false, message: 'Wrong password' }, 401));
  await asksEveryMinute(world, 180 * minute, () => engine.getToken('crm'));
  expect(server.log.count({ operation: 'refresh' })).toBe(1);
  expect(server.log.logins()).toHaveLength(2);
});

test('F38 I1 a resend that is throttled was not processed: it may be made once more, not twice', async () => {
  await using world = new World();
  const { server, ...setup } = await chatAppWorld(world);
  const engine = await world.engine(setup);
  await world.run(engine.getToken('crm'));
  await world.clock.advance(day);
  server.faults.next(
    'refresh',
    fault.dropBeforeProcessing(),
    fault.retryAfter(429, 30),
    fault.dropBeforeProcessing(),
    fault.dropBeforeProcessing(),
  );
  await asksEveryMinute(world, 20 * minute, () => engine.getToken('crm'));
  const sends = server.log.where({ operation: 'refresh', presentedGeneration: 1 });
  expect(sends.map(({ status }) => status)).toEqual([0, 429, 0]);
  expect(server.log.logins()).toHaveLength(2);
});

test.each([
  ['names no reason', fault.html(2_048, 400)],
  ['names the token', fault.json({ success: false, error: { code: 'ApiInvalidTokenError' } }, 200)],
])('F38 I1 a refused resend is final, also when the refusal %s', async (_, refusal) => {
  await using world = new World();
  const { server, ...setup } = await chatAppWorld(world);
  const engine = await world.engine(setup);
  await world.run(engine.getToken('crm'));
  await world.clock.advance(day);
  server.faults.next('refresh', fault.dropAfterProcessing(), refusal);
  await asksEveryMinute(world, 20 * minute, () => engine.getToken('crm'));
  expect(server.log.requestsPerGeneration().get('crm#1')).toBe(2);
  expect(server.log.logins()).toHaveLength(2);
});

test('F36 F38 a resend that could not be sent leaves the one resend to be made', async () => {
  await using world = new World();
  const { server, ...setup } = await chatAppWorld(world, {
    authority: { clock: world.clock, port: await freePort(), accounts: [account] },
  });
  const engine = await world.engine(setup);
  await world.run(engine.getToken('crm'));
  await world.clock.advance(day);
  server.faults.next('refresh', fault.dropBeforeProcessing());
  const asked = engine.getToken('crm').catch(() => {});
  await world.clock.settle();
  expect(server.log.count({ operation: 'refresh' })).toBe(1);
  await server.stop();
  await world.run(asked);
  await asksEveryMinute(world, 5 * minute, () => engine.getToken('crm'));
  await server.start();
  await asksEveryMinute(world, 7 * minute, () => engine.getToken('crm'));
  expect(server.log.requestsPerGeneration().get('crm#1')).toBe(2);
  expect(server.log.replays()).toEqual([]);
  expect(server.log.logins()).toHaveLength(1);
});
