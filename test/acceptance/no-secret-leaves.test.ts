import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { AccountConfig, TokenProvider } from '@tokenkeep/core';
import { type Fault, fault } from '@tokenkeep/testing';
import { LeakScene } from './leak-scene.js';
import { carelessThrows, leakyPlugIn } from './leaky-plug-in.js';
import { authRefreshWorld, chatAppWorld, oauth20World, World } from './world.js';

const HOUR = 3_600_000;
const odd = (text: string) => `p w+%&'"\\/!~*()<é${text}\u200f`;

/** Everything that goes wrong on the way of a login or a refresh. */
const faults: Readonly<Record<string, () => Fault>> = {
  'every secret echoed with 400': () => fault.echoSecrets(400),
  'every secret echoed with 401': () => fault.echoSecrets(401),
  'every secret echoed with 500': () => fault.echoSecrets(500),
  'a page': () => fault.html(4_096),
  'a page with 502': () => fault.html(4_096, 502),
  'a lost reply': () => fault.dropAfterProcessing(),
  'a reply with duplicate members': () => fault.duplicateKeys('refreshToken'),
  'a cut reply': () => fault.truncate(150),
  'a token with a line break': () =>
    fault.mutate((body) => ({ ...body, token: `${String(body.token)}\r\nX: 1` })),
  'a token with the mask': () => fault.mutate((body) => ({ ...body, token: '[secret]' })),
  'broken JSON around a token': () => fault.mutateText((text) => text.slice(1)),
  'text after the JSON': () => fault.mutateText((text) => `${text}${text}`),
  'a redirect': () => fault.redirect(302, 'http://localhost:1/?token=x'),
  'a bad encoding': () => fault.manyEncodings(2),
};

/** An echo that is cut in the middle of the secret, wherever the cut falls. */
function cutEcho(secret: string, before: number): Fault {
  const description = `${'x'.repeat(before)}${secret}`;
  return fault.json({ success: false, error: 'server_error', message: description }, 500);
}

describe('I7 no secret leaves', () => {
  test.each(Object.keys(faults))(
    'I7 S25 neither a log nor an error has any through %s',
    async (name) => {
      await using world = new World();
      using scene = new LeakScene(world.clock);
      const password = scene.secret('password', odd);
      const { server, ...setup } = await authRefreshWorld(world, {
        authority: { accounts: [{ accountId: 'crm', username: 'ada', password }] },
        account: { credentials: { username: 'ada', password } },
      });
      const engine = await scene.engine(setup);
      const meet = faults[name] as () => Fault;
      server.faults.next('obtain', meet(), meet(), meet());
      await scene.failure('login', world.run(engine.getToken('crm')));
      await world.clock.advance(HOUR);
      await scene.failure('after the login', world.run(engine.getToken('crm')));
      await world.clock.advance(HOUR);
      server.faults.next('refresh', meet(), meet(), meet());
      await scene.failure('refresh', world.run(engine.getToken('crm')));
      scene.print('status', await world.run(engine.status('crm')));
      await world.run(engine.stop());
      expect(scene.leaks()).toEqual([]);
      expect(scene.scanned().secrets).toContain('password');
    },
  );

  test('I7 S25 an echo cut anywhere shows no part of a secret', async () => {
    await using world = new World();
    using scene = new LeakScene(world.clock);
    const password = scene.secret('password');
    const { server, ...setup } = await authRefreshWorld(world, {
      authority: { accounts: [{ accountId: 'crm', username: 'ada', password }] },
      account: { credentials: { username: 'ada', password } },
    });
    const engine = await scene.engine(setup);
    for (let before = 150; before < 205; before += 5) {
      server.faults.next('obtain', cutEcho(password, before));
      await scene.failure('login', world.run(engine.login('crm')));
      await world.clock.advance(HOUR);
    }
    await world.run(engine.stop());
    expect(scene.leaks()).toEqual([]);
  });

  test.each(Object.keys(carelessThrows))(
    'I7 S17 a plug-in that throws %s tells nothing',
    async (how) => {
      await using world = new World();
      using scene = new LeakScene(world.clock);
      const password = scene.secret('password');
      const { server } = await authRefreshWorld(world, {
        authority: { accounts: [{ accountId: 'crm', username: 'ada', password }] },
      });
      // In its own words a plug-in can only be helped where the engine knows the credentials too.
      const places =
        how === 'words'
          ? (['obtain', 'validate', 'budget'] as const)
          : (['obtain', 'validate', 'budget', 'revoke', 'authorize', 'isTokenRejection'] as const);
      const thrown = carelessThrows[how] as (secret: string) => unknown;
      const providers: TokenProvider[] = places.map((place) =>
        leakyPlugIn(place.toLowerCase(), server.url, place, thrown, password),
      );
      const accounts: AccountConfig[] = places.map((place) => ({
        provider: place.toLowerCase(),
        account: place,
        credentials: { username: 'ada', password },
      }));
      const engine = await scene.engine({ providers, accounts });
      for (const place of places) {
        await scene.failure(place, world.run(engine.getToken(place)));
        await scene.failure(
          `${place} in use`,
          world.run(
            engine.withToken(place, async (token) => {
              token.headers();
              return new Response('{}', { status: 401 });
            }),
          ),
        );
        await scene.failure(`${place}, login`, world.run(engine.login(place)));
        await scene.failure(`${place}, revoked`, world.run(engine.revoke(place)));
      }
      // Until a revocation is given up, and told so.
      for (let tries = 0; tries < 10; tries += 1) {
        await world.clock.advance(HOUR);
        await world.run(engine.tick());
      }
      await world.run(engine.stop());
      expect(scene.leaks()).toEqual([]);
      const told = scene.scanned().sinks;
      expect(told.has('event revocation:abandoned')).toBe(how !== 'words');
    },
  );

  test('I7 credentials that cannot be had, or have the wrong shape, are not shown', async () => {
    await using world = new World();
    using scene = new LeakScene(world.clock);
    const password = scene.secret('password');
    const { providers } = await authRefreshWorld(world);
    const credentials: Record<string, unknown> = {
      thrown: () => {
        throw Object.assign(new Error(`vault said ${password}`), { name: 'VaultError', password });
      },
      rejected: async () => Promise.reject(password),
      'just text': password,
      'a list': [password],
      'another name': { username: 'ada', pasword: password },
      'an object too many': { username: 'ada', password: { value: password } },
      'nothing but it': { password },
      promise: () => password,
    };
    const accounts = Object.entries(credentials).map(([account, given]) => ({
      provider: 'crm-api',
      account,
      credentials: given,
    }));
    const engine = await scene.engine({ providers: [...providers], accounts });
    for (const { account } of accounts) {
      expect(await scene.failure(account, world.run(engine.getToken(account)))).toBeDefined();
      await scene.failure(account, world.run(engine.login(account)));
      scene.print(account, await world.run(engine.status(account)));
    }
    await world.run(engine.stop());
    expect(scene.leaks()).toEqual([]);
  });

  test('I7 three providers, a full disk, escrow and a restart leave only sealed bytes', async () => {
    await using world = new World();
    using scene = new LeakScene(world.clock);
    const secrets = {
      crm: scene.secret('password', odd),
      chat: scene.secret('password'),
      shop: scene.secret('client'),
    };
    const crm = await authRefreshWorld(world, {
      authority: { accounts: [{ accountId: 'crm', username: 'ada', password: secrets.crm }] },
      account: { credentials: { username: 'ada', password: secrets.crm } },
    });
    const login = { email: 'ada@example.com', password: secrets.chat, appId: 'app_1' };
    const chat = await chatAppWorld(world, {
      authority: { accounts: [{ accountId: 'chat', ...login }] },
      account: { account: 'chat', credentials: login },
    });
    const client = { clientId: 'shop', clientSecret: secrets.shop };
    const shop = await oauth20World(world, {
      authority: { accounts: [{ accountId: 'shop', ...client }] },
      account: { credentials: client },
    });
    const parts = [crm, chat, shop];
    const setup = {
      providers: parts.flatMap(({ providers }) => providers),
      accounts: parts.flatMap(({ accounts }): AccountConfig[] => accounts),
    };
    const engine = await scene.engine(setup);
    const names = ['crm', 'chat', 'shop'];
    for (const name of names) scene.print(name, await world.run(engine.getToken(name)));
    for (const { server } of parts) {
      server.faults.next('refresh', fault.echoSecrets(), fault.html(), fault.status(503));
      server.faults.next('obtain', fault.echoSecrets(), fault.echoSecrets(500));
    }
    for (let hour = 0; hour < 30; hour += 1) {
      await world.clock.advance(HOUR);
      for (const name of names) await scene.failure(name, world.run(engine.getToken(name)));
      await world.run(engine.tick());
    }
    // The disk is full between the reply and the commit: the pair is in escrow, and is looked at.
    await world.clock.advance(26 * HOUR);
    crm.server.faults.next('refresh', {
      ...fault.normal(),
      deliver: async (exchange) => {
        scene.diskIsFull = true;
        await exchange.send(exchange.honestReply());
      },
    });
    await scene.failure('crm on a full disk', world.run(engine.renew('crm')));
    expect(scene.scanned().sinks).toContain('event escrow:written');
    expect(scene.leaks()).toEqual([]);
    scene.diskIsFull = false;
    await world.clock.advance(10_000);

    await using session = engine.session('shop');
    await world.run(session.getToken());
    const shown = { engine, session, handle: engine.account('crm'), health: engine.health() };
    for (const [name, value] of Object.entries(shown)) scene.print(name, value);
    await scene.failure('revoked', world.run(engine.revoke('crm')));
    await world.run(engine.stop());
    const again = await scene.engine(setup);
    await scene.failure('after a restart', world.run(again.getToken('chat')));
    expect(scene.leaks()).toEqual([]);
    const { files, secrets: kinds, bytes } = scene.scanned();
    for (const file of ['tokens.db', 'tokens.db-wal', 'tokens.db-shm', 'tokens.db.key']) {
      expect(files).toContain(join('data', file));
    }
    expect([...kinds].sort()).toEqual(
      ['accessToken', 'access_token', 'client', 'key', 'password', 'refreshToken', 'token'].sort(),
    );
    expect(bytes).toBeGreaterThan(100_000);
    await world.run(again.stop());
  });

  test('I7 what leaks on purpose is caught: in a log, in an error, in a file', async () => {
    await using world = new World();
    using scene = new LeakScene(world.clock);
    const password = scene.secret('password');
    const { server, ...setup } = await authRefreshWorld(world, {
      authority: { accounts: [{ accountId: 'crm', username: 'ada', password }] },
      account: { credentials: { username: 'ada', password } },
    });
    const engine = await scene.engine(setup);
    const token = await world.run(engine.getToken('crm'));
    expect(scene.leaks()).toEqual([]);
    scene.logger.debug({ headers: { basic: btoa(`ada:${password}`) } }, 'a log');
    scene.print('error', new Error('outer', { cause: new Error(encodeURIComponent(password)) }));
    const file = join(scene.folder, 'tmp', 'dump');
    writeFileSync(file, Buffer.from(`at 0x1: ${token.reveal().slice(3, 17)}`));
    const found = new Set(scene.leaks().map(({ sink, kind }) => `${sink}: ${kind}`));
    expect(found).toContain('log: password');
    expect(found).toContain('error, cause 1: password');
    expect(found).toContain('/tmp/dump: token');
    await world.run(engine.stop());
  });
});
