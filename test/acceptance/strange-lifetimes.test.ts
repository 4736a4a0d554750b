import { describe, expect, test } from '@jest/globals';
import { fault } from '@tokenkeep/testing';
import { authRefreshWorld, World } from './world.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const bounds = { defaultMs: 10 * MINUTE, maxMs: 2 * HOUR, zeroMeans: 'invalid' } as const;

/** One login whose reply states this lifetime, at a server whose tokens live for an hour. */
async function stating(world: World, tokenLifetime: unknown, lifetime: object = bounds) {
  const { server, providers, accounts } = await authRefreshWorld(world, {
    provider: { lifetime: { ...bounds, ...lifetime } },
  });
  server.faults.next(
    'obtain',
    fault.mutate(({ tokenLifetime: _true, ...body }) =>
      tokenLifetime === undefined ? body : { ...body, tokenLifetime },
    ),
  );
  const engine = await world.engine({ providers, accounts });
  return { server, providers, accounts, engine };
}

/** How long the token of the account is handed out, as callers see it. */
async function servedFor(world: World, engine: Awaited<ReturnType<World['engine']>>) {
  const token = await world.run(engine.getToken('crm'));
  return token.expiresAt - world.clock.now();
}

describe('a lifetime of nothing', () => {
  test.each([0, -1, -3_600, -1e9, 0.4])(
    'F02 F03 of %d s: the pair is kept, the token is not served, the next try waits',
    async (lifetime) => {
      await using world = new World();
      const { server, engine } = await stating(world, lifetime);
      await expect(world.run(engine.getToken('crm'))).rejects.toMatchObject({
        code: 'TOKEN_EXPIRED_ON_ARRIVAL',
        retryable: true,
      });
      const token = await world.run(engine.getToken('crm'));

      // The next caller waited out the backoff; the refresh token of the dead pair was good for it.
      expect(server.log.entries.map(({ operation }) => operation)).toEqual(['obtain', 'refresh']);
      expect(server.log.last).toMatchObject({ presentedGeneration: 1, outcome: 'issued' });
      expect(server.truth.current('crm')?.accessToken).toBe(token.reveal());
      const [login = { at: 0 }, refresh = { at: 0 }] = server.log.entries;
      expect(refresh.at - login.at).toBeGreaterThanOrEqual(500);
      expect(world.seen('anomaly:detected')).toEqual([
        expect.objectContaining({ kind: 'expired_on_arrival' }),
      ]);
    },
  );

  test('F02 never ends where the provider says that zero means so', async () => {
    await using world = new World();
    const { server, engine } = await stating(world, 0, { zeroMeans: 'never', maxMs: 30 * DAY });
    expect(await servedFor(world, engine)).toBe(30 * DAY - 1_000);
    expect(server.log.length).toBe(1);
  });

  test('F02 in a renewal takes no token away that is still valid', async () => {
    await using world = new World();
    const { server, providers, accounts } = await authRefreshWorld(world, {
      provider: { refreshRevokesAccessToken: false },
    });
    const engine = await world.engine({ providers, accounts });
    engine.start();
    const before = await world.run(engine.getToken('crm'));
    server.faults.always(
      'refresh',
      fault.mutate((body) => ({ ...body, tokenLifetime: 0 })),
    );
    while (server.log.count({ operation: 'refresh' }) === 0) await world.clock.advance(MINUTE);

    const after = await world.run(engine.getToken('crm'));
    expect(after.reveal()).toBe(before.reveal());
    // And the refresh token that came with the dead one is the one that is used next.
    await world.clock.advance(20 * MINUTE);
    const presented = server.log.where({ operation: 'refresh' });
    expect(presented.map((entry) => entry.presentedGeneration)).toEqual(
      presented.map((_, index) => index + 1),
    );
    expect(presented.length).toBeGreaterThan(1);
  });
});

describe('a lifetime that is no count of seconds', () => {
  const nothings = [undefined, null, {}, [], true, '', 'NaN', 'Infinity'];
  const almost = [' 3600', '3600.5', '3600s', '1e3', '0x10', '٣٦٠٠', ['3600'], '-5', '12345678901'];

  test.each([...nothings, ...almost].map((value) => [JSON.stringify(value) ?? 'left out', value]))(
    'F04 F05 of %s counts as not stated: the default is taken, stored and renewed',
    async (_name, value) => {
      await using world = new World();
      const { server, providers, accounts, engine } = await stating(world, value);
      expect(await servedFor(world, engine)).toBe(bounds.defaultMs - 1_000);
      expect(world.seen('anomaly:detected')).toMatchObject([{ kind: 'lifetime_missing' }]);

      const other = await world.engine({ providers, accounts });
      expect(await servedFor(world, other)).toBe(bounds.defaultMs - 1_000);
      other.start();
      await world.clock.advance(bounds.defaultMs);
      expect(server.log.entries.map(({ operation }) => operation)).toEqual(['obtain', 'refresh']);
    },
  );

  test('F04 of NaN, which is not JSON, is a broken reply and no lifetime', async () => {
    await using world = new World();
    const { server, engine } = await stating(world, 3_600);
    server.faults.clear();
    const broken = fault.mutateText((text) =>
      text.replace(/"tokenLifetime":\d+/, '"tokenLifetime":NaN'),
    );
    server.faults.next('obtain', broken);
    const token = await world.run(engine.getToken('crm'));
    expect(server.log.logins()).toHaveLength(2);
    expect(server.truth.current('crm')?.accessToken).toBe(token.reveal());
  });

  test.each(['3600', '0000003600', 3_600])('F05 of %j is an hour', async (value) => {
    await using world = new World();
    const { engine } = await stating(world, value);
    expect(await servedFor(world, engine)).toBe(HOUR - 1_000);
    expect(world.seen('anomaly:detected')).toEqual([]);
  });
});

describe('a lifetime beyond reason', () => {
  test.each([1e12, 1e308, 2 ** 53, 9e15, 9_999_999_999, 3_600_000])(
    'F06 F07 of %d s is cut to the maximum, and no timer is armed beyond 6 h',
    async (value) => {
      await using world = new World();
      const { server, engine } = await stating(world, value);
      engine.start();
      expect(await servedFor(world, engine)).toBe(bounds.maxMs - 1_000);
      expect(world.seen('anomaly:detected')).toMatchObject([{ kind: 'lifetime_clamped' }]);
      expect(Math.max(...world.clock.pendingSleeps())).toBeLessThanOrEqual(6 * HOUR);

      await world.clock.advance(bounds.maxMs);
      expect(server.log.count({ operation: 'refresh' })).toBe(1);
    },
  );

  test('F07 milliseconds for seconds: a refusal by the API still brings a new token', async () => {
    await using world = new World();
    const { server, engine } = await stating(world, 3_600_000);
    const accepts = (token: { reveal(): string }) => server.truth.accepts(token.reveal());
    await world.run(engine.getToken('crm'));

    // The server means an hour; the engine was told more.
    await world.clock.advance(HOUR + MINUTE);
    const answer = await world.run(
      engine.withToken('crm', (token) => Response.json({}, { status: accepts(token) ? 200 : 401 })),
    );
    expect(answer.status).toBe(200);
    expect(server.log.count({ operation: 'refresh' })).toBe(1);
  });
});
