import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { TokenError } from '@tokenkeep/core';
import { type StoreServer, storeKinds } from '@tokenkeep/servers';
import { fault } from '@tokenkeep/testing';
import { describeStores } from '../describe-stores.js';
import type { EngineProcess, TokenThere } from './processes/engine-process.js';
import { quick, RealWorld, until, whenAllowed } from './processes/real-world.js';

/** The pause is longer than the lease (1 s); the doubt of others ends later (3 s). */
const parameters = { ...quick, rotationTimeoutMs: 2_500, quarantineMs: 3_000 };
const strict = {
  rotation: { kind: 'strict' },
  provider: { inDoubt: 'resend-once' },
  credentials: false,
  parameters,
} as const;
const grace = {
  rotation: { kind: 'grace', graceMs: 30_000 },
  provider: { refreshToken: { singleUse: true, reuseGraceMs: 30_000 } },
  credentials: false,
  parameters,
} as const;

const refreshes = ({ server }: RealWorld) =>
  server.log.where({ operation: 'refresh' }).map(({ outcome }) => outcome);

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A process that stands still at a point of its renewal, like one that the host suspended. */
async function pausedAt(world: RealWorld, at: string) {
  await world.logInFirst();
  const holder = await world.process();
  const renewal = holder.ask('renew', { key: 'crm', trapAt: { at, signal: 'SIGSTOP' } });
  renewal.catch(() => {});
  await holder.standsStill();
  return { holder, renewal };
}

/** Goes on where the holder's own renewal ended with an error that says when to come back. */
function settled(holder: EngineProcess, renewal: Promise<TokenThere>): Promise<TokenThere> {
  return renewal.catch(() => holder.ask('token', { key: 'crm' }));
}

describeStores(storeKinds, ({ start }) => {
  let stores: StoreServer;
  beforeAll(async () => {
    stores = await start();
  });
  afterAll(() => stores.stop());

  test('F53 a process paused before its claim finds the account renewed, and sends nothing', async () => {
    await using world = await RealWorld.begin(strict, stores);
    const { holder, renewal } = await pausedAt(world, 'CP1');
    const engine = await world.engine();
    expect(world.isIssued(await engine.renew('crm'), 2)).toBe(true);
    holder.signal('SIGCONT');
    expect(world.isIssued(await renewal, 2)).toBe(true);
    expect(refreshes(world)).toEqual(['issued']);
  });

  test('F53 a process paused after its claim, whose lease was taken over, sends nothing', async () => {
    await using world = await RealWorld.begin(strict, stores);
    const { holder, renewal } = await pausedAt(world, 'CP2');
    const engine = await world.engine();
    expect(world.isIssued(await whenAllowed(() => engine.renew('crm')), 2)).toBe(true);
    holder.signal('SIGCONT');
    expect(world.isIssued(await settled(holder, renewal), 2)).toBe(true);
    expect(refreshes(world)).toEqual(['issued']);
  });

  test('F53 a process paused between intent and first byte is stopped by the send gate', async () => {
    await using world = await RealWorld.begin(strict, stores);
    const { holder, renewal } = await pausedAt(world, 'intent');
    const engine = await world.engine();
    const error = await engine.renew('crm').catch((thrown) => thrown);
    expect(TokenError.is(error) && error.reason).toMatch(/held|in_doubt/);
    expect(world.isIssued(await whenAllowed(() => engine.renew('crm')), 2)).toBe(true);
    holder.signal('SIGCONT');
    expect(world.isIssued(await settled(holder, renewal), 2)).toBe(true);
    expect(refreshes(world)).toEqual(['issued']);
    expect(world.server.truth.family('crm')?.revoked).toBe(false);
  });

  test('F53 the send gate holds also where nobody took over, and leaves no doubt behind', async () => {
    await using world = await RealWorld.begin(strict, stores);
    const { holder, renewal } = await pausedAt(world, 'intent');
    const engine = await world.engine();
    await until(() => refreshes(world).length > 0, parameters.leaseMs).catch(() => {});
    holder.signal('SIGCONT');
    await expect(renewal).rejects.toMatchObject({ facts: { reason: 'send_gate' } });
    expect(refreshes(world)).toEqual([]);
    expect((await engine.status('crm')).state).toBe('live');
    expect(world.isIssued(await whenAllowed(() => engine.renew('crm')), 2)).toBe(true);
    expect(refreshes(world)).toEqual(['issued']);
  });

  test('F53 the reply that a paused process finds when it goes on is kept: it is the living pair', async () => {
    await using world = await RealWorld.begin(strict, stores);
    const { holder, renewal } = await pausedAt(world, 'CP5');
    const engine = await world.engine();
    // Past the lease, before the end of the doubt: others serve the old token and do not resend.
    await until(() => refreshes(world).length > 1, parameters.leaseMs * 1.5).catch(() => {});
    await expect(engine.renew('crm')).rejects.toMatchObject({ reason: 'in_doubt' });
    expect(world.isIssued(await engine.getToken('crm'), 1)).toBe(true);
    holder.signal('SIGCONT');
    expect(world.isIssued(await renewal, 2)).toBe(true);
    expect(world.isIssued(await engine.renew('crm'), 3)).toBe(true);
    expect(refreshes(world)).toEqual(['issued', 'issued']);
  });

  test('F53 a late reply is dropped where a resend within the grace has brought the same pair', async () => {
    await using world = await RealWorld.begin(grace, stores);
    const { holder, renewal } = await pausedAt(world, 'CP5');
    const engine = await world.engine();
    expect(world.isIssued(await whenAllowed(() => engine.renew('crm')), 2)).toBe(true);
    holder.signal('SIGCONT');
    expect(world.isIssued(await settled(holder, renewal), 2)).toBe(true);
    expect(refreshes(world)).toEqual(['issued', 'resent']);
    expect(world.isIssued(await whenAllowed(() => engine.renew('crm')), 3)).toBe(true);
    expect(world.server.truth.family('crm')?.revoked).toBe(false);
  });

  test('F53 F35 a server that takes thrice the lease is asked once, and its pair is not lost', async () => {
    await using world = await RealWorld.begin({ ...strict, parameters: quick }, stores);
    await world.logInFirst();
    world.server.faults.next('refresh', fault.delay(3 * quick.leaseMs));
    const holder = await world.process();
    const since = performance.now();
    const renewal = holder.ask('renew', { key: 'crm' });
    await until(() => world.server.openConnections > 0);
    const engine = await world.engine();
    // Past the first lease: it was kept by heartbeats, and the old token serves meanwhile.
    await pause(1.5 * quick.leaseMs);
    const error = await engine.renew('crm', { waitMs: 300 }).catch((thrown) => thrown);
    expect(TokenError.is(error) && error.reason).toMatch(/held|in_doubt|deadline/);
    expect(world.isIssued(await engine.getToken('crm'), 1)).toBe(true);
    expect(world.isIssued(await renewal, 2)).toBe(true);
    expect(performance.now() - since).toBeGreaterThan(3 * quick.leaseMs);
    expect(refreshes(world)).toEqual(['issued']);
    expect(world.isIssued(await whenAllowed(() => engine.renew('crm')), 3)).toBe(true);
    expect(world.server.log.replays()).toEqual([]);
    expect(world.server.log.logins()).toHaveLength(1);
  });
});
