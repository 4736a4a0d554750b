import { describe, expect, test } from '@jest/globals';
import type { TokenEngine } from '@tokenkeep/core';
import { type AuthRefreshAuthority, type Fault, fault } from '@tokenkeep/testing';
import { failureOf } from './failure-of.js';
import { withoutCredentials } from './without-credentials.js';
import { authRefreshWorld, chatAppWorld, World } from './world.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Asks every `everyMs` for a while, whatever comes of it. */
async function askFor(world: World, engine: TokenEngine, ms: number, everyMs: number) {
  for (let gone = 0; gone < ms; gone += everyMs) {
    await world.clock.advance(everyMs);
    await world.run(engine.getToken('crm').catch(() => {}));
  }
}

describe('F17 a refusal that comes with HTTP 200', () => {
  const dead = () =>
    fault.json({
      success: false,
      error: { code: 'ApiInvalidTokenError', message: 'Invalid\r\nToken \u001b[2J\u202e' },
    });

  test('F17 is a refusal: nothing is stored, and the login is the next step', async () => {
    await using world = new World();
    const { server, ...setup } = await chatAppWorld(world);
    const engine = await world.engine(setup);
    const first = await world.run(engine.getToken('crm'));
    await world.clock.advance(DAY);
    server.faults.next('refresh', dead());
    const second = await world.run(engine.getToken('crm'));
    expect(second.generation).toBe(first.generation + 1);
    expect(server.truth.accepts(second.reveal())).toBe(true);
    expect(server.log.count({ operation: 'refresh' })).toBe(1);
    expect(server.log.count({ operation: 'obtain' })).toBe(2);
    expect(world.seen('renewal:in_doubt')).toEqual([]);
  });

  test('F17 without a login the error has its code and its words, made printable', async () => {
    await using world = new World();
    const { server, ...setup } = await chatAppWorld(world);
    await world.run((await world.engine(setup)).getToken('crm'));
    await world.clock.advance(DAY);
    const engine = await world.engine(withoutCredentials(setup));
    server.faults.next('refresh', dead());
    const error = await failureOf(world.run(engine.getToken('crm')));
    expect(error).toMatchObject({
      code: 'REAUTHORIZATION_REQUIRED',
      reason: 'refresh_token_rejected',
      providerCode: 'ApiInvalidTokenError',
      providerMessage: 'Invalid\\u000d\\u000aToken \\u001b[2J\\u202e',
      status: 200,
      retryable: false,
    });
    expect(server.log.count({ operation: 'refresh' })).toBe(1);
  });
});

const wordless: readonly (readonly [string, () => Fault])[] = [
  ['400 with a page', () => fault.html(2_048, 400)],
  ['401 with a page', () => fault.html(2_048, 401)],
  ['400 without a body', () => fault.empty(400)],
  ['401 without a body', () => fault.empty(401)],
  ['401 with a number for an error', () => fault.json({ error: 123 }, 401)],
  ['400 with a list', () => fault.rawBody('[{"error":"invalid_grant"}]', 400)],
];

describe('F26 a refusal that does not say what it refuses', () => {
  test.each(wordless)(
    'F26 %s is asked about three times before it is believed',
    async (_, reply) => {
      await using world = new World();
      const { server, ...setup } = await authRefreshWorld(world);
      const engine = await world.engine(setup);
      await world.run(engine.getToken('crm'));
      await world.clock.advance(0.97 * HOUR);
      server.faults.always('refresh', reply());
      await askFor(world, engine, 20 * MINUTE, 10_000);
      const [first = 0, second = 0, ...more] = waitsBetween(server);
      expect(more).toEqual([]);
      expect(Math.floor(first / MINUTE)).toBe(1);
      expect(Math.floor(second / MINUTE)).toBe(5);
      // The third is final: the refresh token is given up, and the account logs in.
      expect(server.log.count({ operation: 'obtain' })).toBe(2);
      expect((await world.run(engine.status('crm'))).state).toBe('live');
    },
  );

  test.each(wordless)('F26 %s to a login ends it after three requests', async (_, reply) => {
    await using world = new World();
    const { server, ...setup } = await authRefreshWorld(world);
    const engine = await world.engine(setup);
    server.faults.always('obtain', reply());
    await askFor(world, engine, DAY, 2 * MINUTE);
    expect(server.log.count({ operation: 'obtain' })).toBe(3);
    const error = await failureOf(world.run(engine.getToken('crm')));
    expect(error).toMatchObject({ code: 'CREDENTIALS_REJECTED', retryable: false });
  });

  function waitsBetween({ log }: AuthRefreshAuthority): number[] {
    const times = log.where({ operation: 'refresh' }).map(({ at }) => at);
    return times.slice(1).map((at, index) => at - (times[index] ?? 0));
  }
});

describe('F29 a refusal in words nobody knows', () => {
  test.each([
    ['in its place', { success: false, error: 'out_of_cheese' }, 400],
    ['below another member', { errors: [{ error: { code: 'invalid_grant' } }] }, 400],
    ['in a member of another name', { reason: 'invalid_grant' }, 401],
  ])('F29 an error code %s is not taken for a dead token', async (_, body, status) => {
    await using world = new World();
    const { server, ...setup } = await authRefreshWorld(world);
    const engine = await world.engine(setup);
    await world.run(engine.getToken('crm'));
    await world.clock.advance(0.97 * HOUR);
    server.faults.next('refresh', fault.json(body, status));
    await askFor(world, engine, 3 * MINUTE, 10_000);
    // Once refused, once accepted: no login in between.
    expect(server.log.count({ operation: 'refresh' })).toBe(2);
    expect(server.log.count({ operation: 'obtain' })).toBe(1);
    expect(server.log.where({ operation: 'refresh' }).map(({ outcome }) => outcome)).toEqual([
      'faulted',
      'issued',
    ]);
  });

  test('F29 an unknown code with HTTP 200 is latched like any other', async () => {
    await using world = new World();
    const { server, ...setup } = await chatAppWorld(world);
    const engine = await world.engine(setup);
    await world.run(engine.getToken('crm'));
    await world.clock.advance(DAY);
    const unknown = { success: false, error: { code: 'ApiSomethingElse', message: 'no' } };
    server.faults.always('refresh', fault.json(unknown));
    await askFor(world, engine, 20 * MINUTE, 10_000);
    expect(server.log.count({ operation: 'refresh' })).toBe(3);
    expect(server.log.count({ operation: 'obtain' })).toBe(2);
  });
});

describe('F28 the operator’s client is refused', () => {
  const codes = [
    'invalid_client',
    'unauthorized_client',
    'unsupported_grant_type',
    'invalid_request',
    'invalid_scope',
  ];

  test.each(codes)('F28 %s condemns no account and costs no login', async (code) => {
    await using world = new World();
    const { server, ...setup } = await authRefreshWorld(world);
    const engine = await world.engine(setup);
    await world.run(engine.getToken('crm'));
    await world.clock.advance(2 * HOUR);
    server.faults.always('refresh', fault.json({ error: code }, 401));
    const error = await failureOf(world.run(engine.getToken('crm')));
    expect(error).toMatchObject({ code: 'CONFIGURATION_CLIENT_REJECTED', providerCode: code });
    await askFor(world, engine, HOUR, 10_000);
    expect(server.log.count({ operation: 'refresh' })).toBeLessThanOrEqual(32);
    expect(server.log.count({ operation: 'obtain' })).toBe(1);
    expect((await world.run(engine.status('crm'))).state).toBe('live');
    server.faults.clear();
    await askFor(world, engine, 6 * MINUTE, 10_000);
    const token = await world.run(engine.getToken('crm'));
    expect(server.truth.accepts(token.reveal())).toBe(true);
    expect(server.log.count({ operation: 'obtain' })).toBe(1);
  });

  test('F28 after three refusals the other accounts of the client are not tried', async () => {
    await using world = new World();
    const names = Array.from({ length: 20 }, (_, index) => `shop-${index}`);
    const people = names.map((accountId) => ({ accountId, username: accountId, password: 'pw-1' }));
    const { server, providers } = await authRefreshWorld(world, {
      authority: { accounts: people },
    });
    const accounts = people.map(({ accountId, username, password }) => ({
      provider: 'crm-api',
      account: accountId,
      credentials: { username, password },
    }));
    const engine = await world.engine({ providers, accounts });
    for (const name of names) await world.run(engine.getToken(name));
    await world.clock.advance(2 * HOUR);
    server.faults.always('refresh', fault.json({ error: 'invalid_client' }, 401));
    const before = world.clock.trueNow();
    for (const name of names) {
      await failureOf(world.run(engine.getToken(name)));
    }
    const minute = server.log
      .where({ operation: 'refresh' })
      .filter(({ at }) => at < before + 25_000);
    expect(minute.length).toBeLessThanOrEqual(3);
    expect(server.log.count({ operation: 'obtain' })).toBe(names.length);
    server.faults.clear();
    await world.clock.advance(5 * MINUTE);
    for (const name of names) await world.run(engine.getToken(name));
    expect(server.log.count({ operation: 'obtain' })).toBe(names.length);
  });
});
