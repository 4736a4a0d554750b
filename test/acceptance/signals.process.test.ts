import { readdirSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { fault } from '@tokenkeep/testing';
import { RealWorld, whenAllowed } from './processes/real-world.js';

const strict = { rotation: { kind: 'strict' }, provider: { inDoubt: 'resend-once' } } as const;
const grace = {
  rotation: { kind: 'grace', graceMs: 30_000 },
  provider: { refreshToken: { singleUse: true, reuseGraceMs: 30_000 } },
} as const;

const escrowOf = ({ path }: RealWorld) => readdirSync(`${path}.escrow`);
const refreshes = ({ server }: RealWorld) =>
  server.log.where({ operation: 'refresh' }).map(({ outcome }) => outcome);

/** A process whose refresh has reached the server, which takes its time to answer. */
async function refreshing(world: RealWorld, replyAfterMs: number, deadlineMs?: number) {
  await world.logInFirst();
  world.server.faults.next('refresh', fault.delay(replyAfterMs));
  const signals = deadlineMs === undefined ? {} : { deadlineMs };
  const child = await world.process({ signals });
  const arrived = world.server.nextRequest('refresh');
  const renewal = child.ask('renew', { key: 'crm' });
  renewal.catch(() => {});
  await arrived;
  return { child, renewal };
}

test.each(['SIGTERM', 'SIGINT'] as const)(
  'F60 %s during a refresh: its reply is saved first, then the process ends by itself with 0',
  async (signal) => {
    await using world = await RealWorld.begin({ ...strict, credentials: false });
    const { child } = await refreshing(world, 1_500);
    child.signal(signal);
    expect(await child.ended).toEqual({ code: 0, signal: null });
    expect(child.complaints).toBe('');
    expect(escrowOf(world)).toEqual([]);
    const engine = await world.engine();
    expect(world.isIssued(await engine.getToken('crm'), 2)).toBe(true);
    expect((await engine.status('crm')).state).toBe('live');
    expect(refreshes(world)).toEqual(['issued']);
  },
);

test('F60 a second signal ends it at once, and what it leaves behind is a doubt that heals', async () => {
  await using world = await RealWorld.begin({ ...grace, credentials: false });
  const { child } = await refreshing(world, 60_000);
  child.signal('SIGINT');
  await child.signalled;
  child.signal('SIGINT');
  expect(await child.ended).toEqual({ code: 130, signal: null });
  const engine = await world.engine();
  expect((await engine.status('crm')).state).toBe('in_doubt');
  expect(world.isIssued(await engine.getToken('crm'), 1)).toBe(true);
  expect(world.isIssued(await whenAllowed(() => engine.renew('crm')), 2)).toBe(true);
  expect(refreshes(world)).toEqual(['issued', 'resent']);
});

test('F60 a reply that comes after the deadline of stop is in escrow, not lost', async () => {
  await using world = await RealWorld.begin({ ...strict, credentials: false });
  const { child } = await refreshing(world, 1_500, 100);
  child.signal('SIGTERM');
  expect(await child.ended).toEqual({ code: 0, signal: null });
  expect(escrowOf(world)).toHaveLength(1);
  const engine = await world.engine();
  expect(escrowOf(world)).toEqual([]);
  expect(world.isIssued(await engine.getToken('crm'), 2)).toBe(true);
  expect(refreshes(world)).toEqual(['issued']);
});

test('F60 who waits for a token when the engine stops gets it, or an error that says why', async () => {
  await using world = await RealWorld.begin({ ...strict, credentials: false });
  const { child, renewal } = await refreshing(world, 1_000);
  const stopped = child.ask('stop');
  await expect(child.ask('token', { key: 'crm' })).rejects.toMatchObject({
    facts: { code: 'ENGINE_STOPPED' },
  });
  await stopped;
  const end = await renewal.catch((error) => error.facts.code);
  expect(typeof end === 'string' ? end : world.isIssued(end, 2)).toBe(
    typeof end === 'string' ? 'ENGINE_STOPPED' : true,
  );
  child.letGo();
  expect(await child.ended).toEqual({ code: 0, signal: null });
});

test('F74 a stopped engine keeps no process alive', async () => {
  await using world = await RealWorld.begin(strict);
  const child = await world.process();
  await child.ask('start');
  await child.ask('token', { key: 'crm' });
  await child.ask('renew', { key: 'crm' });
  await child.ask('stop');
  child.letGo();
  expect(await child.ended).toEqual({ code: 0, signal: null });
});

test('F74 an engine without background renewal keeps no process alive either', async () => {
  await using world = await RealWorld.begin(strict);
  const child = await world.process();
  await child.ask('token', { key: 'crm' });
  child.letGo();
  expect(await child.ended).toEqual({ code: 0, signal: null });
});
