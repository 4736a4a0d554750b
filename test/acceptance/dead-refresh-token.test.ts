import { describe, expect, test } from '@jest/globals';
import { fault } from '@tokenkeep/testing';
import { failureOf } from './failure-of.js';
import { withoutCredentials } from './without-credentials.js';
import { authRefreshWorld, World } from './world.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const ID = 'crm-api/crm';

/** 10,000 calls spread over a day. How many were given a token. */
async function askAllDay(world: World, ask: () => Promise<unknown>): Promise<number> {
  let served = 0;
  for (let round = 0; round < 1_000; round += 1) {
    await world.clock.advance(DAY / 1_000);
    const calls = Promise.allSettled(Array.from({ length: 10 }, ask));
    const results = await world.run(calls);
    served += results.filter(({ status }) => status === 'fulfilled').length;
  }
  return served;
}

describe('F27 invalid_grant', () => {
  test('F27 a refused refresh token is asked about once, then the account logs in once', async () => {
    await using world = new World();
    const { server, ...setup } = await authRefreshWorld(world, {
      authority: { rules: { accessLifeMs: 25 * HOUR } },
    });
    const engine = await world.engine(setup);
    await world.run(engine.getToken('crm'));
    server.faults.next('refresh', fault.json({ error: 'invalid_grant' }, 400));
    await world.clock.advance(DAY);
    expect(await askAllDay(world, () => engine.getToken('crm'))).toBe(10_000);
    expect(server.log.count({ operation: 'refresh' })).toBe(2);
    expect(server.log.count({ operation: 'obtain' })).toBe(2);
    expect(server.log.replays()).toEqual([]);
  });

  test('F27 without a login nothing is sent for a day under 10,000 calls, and the row stays', async () => {
    await using world = new World();
    const { server, ...setup } = await authRefreshWorld(world);
    const token = await world.run((await world.engine(setup)).getToken('crm'));
    await world.clock.advance(2 * HOUR);
    const engine = await world.engine(withoutCredentials(setup));
    engine.start();
    server.faults.always('refresh', fault.json({ error: 'invalid_grant' }, 400));
    const error = await failureOf(world.run(engine.getToken('crm')));
    expect(error).toMatchObject({
      code: 'REAUTHORIZATION_REQUIRED',
      reason: 'refresh_token_rejected',
      providerCode: 'invalid_grant',
    });
    expect(await askAllDay(world, () => engine.getToken('crm'))).toBe(0);
    expect(server.log.count({ operation: 'refresh' })).toBe(1);
    expect(server.log.count({ operation: 'obtain' })).toBe(1);
    expect(world.seen('account:reauthorization_required')).toHaveLength(1);
    const { row } = await world.store.read('account', ID);
    expect(JSON.parse(row?.body ?? '{}')).toMatchObject({
      generation: token.generation,
      refresh: { dead: true, sealed: expect.stringMatching(/^tk1\./) },
    });
  });

  test('F27 a refusal that comes after somebody else’s login is nobody’s problem', async () => {
    await using world = new World();
    const { server, ...setup } = await authRefreshWorld(world);
    const [slow, quick] = [await world.engine(setup), await world.engine(setup)];
    await world.run(slow.getToken('crm'));
    await world.clock.advance(2 * HOUR);
    server.faults.next('refresh', fault.delay(8_000, fault.json({ error: 'invalid_grant' }, 400)));
    const waiting = slow.getToken('crm');
    await world.clock.advance(4_000);
    const login = await world.run(quick.login('crm'), 2_000);
    expect((await world.run(waiting)).reveal()).toBe(login.reveal());
    await world.clock.advance(60_000);
    expect((await world.run(slow.getToken('crm'))).reveal()).toBe(login.reveal());
    expect(server.log.count({ operation: 'refresh' })).toBe(1);
    expect(server.log.count({ operation: 'obtain' })).toBe(2);
    expect(world.seen('account:reauthorization_required')).toEqual([]);
    expect(world.seen('renewal:failed')).toEqual([]);
    // The verdict was not written over the new pair: that one still renews.
    await world.clock.advance(2 * HOUR);
    await world.run(slow.getToken('crm'));
    expect(server.log.count({ operation: 'refresh', outcome: 'issued' })).toBe(1);
    expect(server.log.count({ operation: 'obtain' })).toBe(2);
  });

  test('F27 in doubt: the one resend is refused, and what was lost is named', async () => {
    await using world = new World();
    const { server, ...setup } = await authRefreshWorld(world, {
      provider: { inDoubt: 'resend-once' },
    });
    await world.run((await world.engine(setup)).getToken('crm'));
    await world.clock.advance(2 * HOUR);
    const engine = await world.engine(withoutCredentials(setup));
    server.faults.next('refresh', fault.dropAfterProcessing());
    const error = await failureOf(world.run(engine.getToken('crm')));
    expect(error).toMatchObject({ code: 'REAUTHORIZATION_REQUIRED', reason: 'rotation_lost' });
    expect(await askAllDay(world, () => engine.getToken('crm'))).toBe(0);
    expect(server.log.requestsPerGeneration()).toEqual(new Map([['crm#1', 2]]));
    expect(world.seen('account:reauthorization_required')).toMatchObject([
      { reason: 'rotation_lost' },
    ]);
  });

  test('F27 in doubt: a server that never resends is not asked again, and a login follows', async () => {
    await using world = new World();
    const { server, ...setup } = await authRefreshWorld(world);
    const engine = await world.engine(setup);
    await world.run(engine.getToken('crm'));
    await world.clock.advance(2 * HOUR);
    server.faults.next('refresh', fault.dropAfterProcessing());
    const token = await world.run(engine.getToken('crm'));
    expect(server.truth.accepts(token.reveal())).toBe(true);
    expect(server.log.requestsPerGeneration()).toEqual(new Map([['crm#1', 1]]));
    expect(server.log.count({ operation: 'obtain' })).toBe(2);
  });
});
