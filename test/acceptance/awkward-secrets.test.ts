import { describe, expect, test } from '@jest/globals';
import { Secret } from '@tokenkeep/core';
import { fault } from '@tokenkeep/testing';
import { authRefreshWorld, chatAppWorld, oauth20World, World } from './world.js';

/** What breaks a client that concatenates: separators of Basic, forms, JSON and URLs. */
const awkward = [
  ':',
  'a:b:c',
  '+ % & = ; # ?',
  '%2B%25',
  "quote\" back\\slash 'single'",
  'naïve pässwörd ключ 🔑',
  ' leading and trailing ',
  '{"json":true}',
  '`$(rm -rf)`$HOME',
];

describe.each(awkward)('S02 the secret %j', (text) => {
  test('S02 reaches a JSON login exactly, as user, as password and as a Secret', async () => {
    await using world = new World();
    const login = { username: `u${text}`, password: text };
    const { server, providers, accounts } = await authRefreshWorld(world, {
      authority: { clock: world.clock, accounts: [{ accountId: 'crm', ...login }] },
      account: { credentials: { ...login, password: new Secret(text) } },
    });
    const engine = await world.engine({ providers, accounts });
    const token = await world.run(engine.getToken('crm'));
    expect(server.truth.accepts(token.reveal())).toBe(true);
  });

  test('S02 reaches the ChatApp login exactly', async () => {
    await using world = new World();
    const login = { email: 'ada@example.com', password: text, appId: `app${text}` };
    const { server, providers, accounts } = await chatAppWorld(world, {
      authority: { clock: world.clock, accounts: [{ accountId: 'crm', ...login }] },
      account: { credentials: login },
    });
    const engine = await world.engine({ providers, accounts });
    const token = await world.run(engine.getToken('crm'));
    expect(server.truth.accepts(token.reveal())).toBe(true);
  });

  test('S02 reaches a token endpoint by Basic authentication exactly (RFC 6749 section 2.3.1)', async () => {
    await using world = new World();
    const client = { clientId: `id${text}`, clientSecret: text };
    const { server, providers, accounts } = await oauth20World(world, {
      authority: { clock: world.clock, accounts: [{ accountId: 'shop', ...client }] },
      account: { credentials: client },
    });
    const engine = await world.engine({ providers, accounts });
    const token = await world.run(engine.getToken('shop'));
    expect(server.truth.accepts(token.reveal())).toBe(true);
  });
});

describe('S03 a token of a size that cannot be', () => {
  test.each([
    ['empty', ''],
    ['one character too long', 'x'.repeat(16_385)],
    ['as long as the reply may be', 'x'.repeat(60_000)],
    ['a megabyte', 'x'.repeat(1_048_576)],
  ])('S03 %s is refused, nothing of it is kept, and the account heals', async (_, token) => {
    await using world = new World();
    const { server, providers, accounts } = await authRefreshWorld(world);
    server.faults.next(
      'obtain',
      fault.mutate((body) => ({ ...body, token })),
    );
    const engine = await world.engine({ providers, accounts });
    engine.start();
    await world.clock.advance(100);
    expect(engine.peek('crm')).toBeUndefined();
    // Where the refresh token of the same reply could be kept, that is what is told.
    const told = [...world.seen('renewal:failed'), ...world.seen('anomaly:detected')];
    expect(told).toHaveLength(1);
    const { row } = await world.store.read('account', 'crm-api/crm');
    expect(row?.body.length).toBeLessThan(8_192);
    await world.clock.advance(30_000);
    expect(server.truth.accepts((await world.run(engine.getToken('crm'))).reveal())).toBe(true);
  });

  test('S03 the longest token there may be is served whole', async () => {
    await using world = new World();
    const { server, providers, accounts } = await authRefreshWorld(world);
    const token = 'x'.repeat(16_384);
    server.faults.next(
      'obtain',
      fault.mutate((body) => ({ ...body, token })),
    );
    const engine = await world.engine({ providers, accounts });
    expect((await world.run(engine.getToken('crm'))).reveal()).toBe(token);
  });
});
