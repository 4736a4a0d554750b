import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import {
  accountToken,
  createTokenEngine,
  type EngineOptions,
  type Keyring,
  Secret,
} from '@tokenkeep/core';
import { sqliteStore } from '@tokenkeep/store-sqlite';
import { fault } from '@tokenkeep/testing';
import { failureOf } from './failure-of.js';
import { authRefreshWorld, person, testKey, World } from './world.js';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function newPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tokenkeep-input-'));
  folders.push(folder);
  return join(folder, 'tokens.db');
}

/** An engine on a file, with the key beside it. Real time: nothing in these tests waits. */
async function onFile(path: string, world: World) {
  const { server, ...setup } = await authRefreshWorld(world);
  const open = (options: Partial<EngineOptions> = {}) =>
    createTokenEngine({
      ...setup,
      store: sqliteStore({ path }),
      allowInsecureLoopback: true,
      ...options,
    });
  return { server, open };
}

describe('bad input is a typed error that says what to do, and nothing is lost', () => {
  test('an account nobody configured: the error lists those there are', async () => {
    await using world = new World();
    const { server, ...setup } = await authRefreshWorld(world);
    const engine = await world.engine(setup);
    const calls = [
      () => engine.getToken('crn'),
      () => engine.renew('crn'),
      () => engine.login('crn'),
      () => engine.revoke('crn'),
      () => engine.status('crn'),
      () => engine.withToken({ provider: 'crm-api', account: 'crn' }, () => 1),
      async () => engine.account('crn'),
      async () => engine.session('crn'),
      async () => engine.peek('__proto__'),
    ];
    for (const call of calls) {
      const error = await failureOf(call());
      expect(error).toMatchObject({ code: 'ACCOUNT_UNKNOWN', retryable: false });
      expect(error.message).toContain('Known: crm');
    }
    expect(server.log.length).toBe(0);
  });

  test('a parameter that breaks a promise: refused when the engine is made', async () => {
    await using world = new World();
    const { providers, accounts } = await authRefreshWorld(world);
    const made = world.engine({ providers, accounts, parameters: { leaseMs: 2_000 } });
    const error = await failureOf(made);
    expect(error).toMatchObject({ code: 'CONFIGURATION_INVALID', reason: 'parameters' });
    expect(error.message).toContain('heartbeatMs (3000) must be below leaseMs (2000)');
  });

  test("another account's token inside what a credentials function returns: said, not sent", async () => {
    await using world = new World();
    const { server, ...setup } = await authRefreshWorld(world, {
      account: { credentials: () => ({ ...person, password: accountToken('other') }) },
    });
    const engine = await world.engine(setup);
    const error = await failureOf(world.run(engine.getToken('crm')));
    expect(error).toMatchObject({ code: 'CONFIGURATION_INVALID', reason: 'credentials_shape' });
    expect(error.message).toContain('Put the object with accountToken() into "credentials" itself');
    expect(server.log.length).toBe(0);
  });

  test.each([
    ['nothing', null],
    ['a text', 'pw'],
    ['a number', 7],
    ['no password', { username: 'ada' }],
    ['a wrong name', { user: 'ada', password: 'the password' }],
    ['an empty password', { username: 'ada', password: '' }],
    ['a list', ['ada', 'the password']],
    ['an object in place of a text', { username: { name: 'ada' }, password: 'the password' }],
  ])(
    'credentials that are %s: the error names the member, and nothing is sent',
    async (_, given) => {
      await using world = new World();
      const { server, ...setup } = await authRefreshWorld(world, {
        account: { credentials: given },
      });
      const engine = await world.engine(setup);
      const error = await failureOf(world.run(engine.getToken('crm')));
      expect(error).toMatchObject({ code: 'CONFIGURATION_INVALID', reason: 'credentials_shape' });
      expect(error.message).toMatch(/username|password|credentials/);
      expect(JSON.stringify([error.message, error])).not.toContain('the password');
      expect(server.log.length).toBe(0);
      expect((await world.run(engine.status('crm'))).state).toBe('new');
    },
  );

  test('credentials are corrected, and the account goes on where it was', async () => {
    await using world = new World();
    let password: unknown = 7;
    const { server, ...setup } = await authRefreshWorld(world, {
      account: { credentials: () => ({ ...person, password }) },
    });
    const engine = await world.engine(setup);
    await failureOf(world.run(engine.getToken('crm')));
    password = new Secret(person.password);
    const token = await world.run(engine.getToken('crm'));
    expect(server.truth.accepts(token.reveal())).toBe(true);
    expect(server.log.length).toBe(1);
  });

  test('a page in place of JSON: the error says where to look, and the page is not shown', async () => {
    await using world = new World();
    const { server, ...setup } = await authRefreshWorld(world);
    const engine = await world.engine(setup);
    server.faults.always('obtain', fault.html());
    const error = await failureOf(world.run(engine.getToken('crm')));
    expect(error).toMatchObject({ code: 'PROVIDER_PROTOCOL', reason: 'not_json', status: 200 });
    expect(error.message).toMatch(/text\/html.*base URL/);
    expect(error.message).not.toMatch(/<p>|doctype/i);
  });
});

describe('a sealing key that is missing or is none', () => {
  const bytes = testKey.bytes;
  const secretText = 'a passphrase of 32 characters ok';

  test.each<readonly [string, unknown]>([
    ['is empty', []],
    ['has a hole', [undefined]],
    ['has a text for bytes', [{ id: 'a', bytes: secretText }]],
    ['has no bytes', [{ id: 'a' }]],
    ['has too few bytes', [{ id: 'a', bytes: bytes.slice(1) }]],
    ['has zeros', [{ id: 'a', bytes: new Uint8Array(32) }]],
    ['has a passphrase', [{ id: 'a', bytes: new TextEncoder().encode(secretText) }]],
    ['has the key for an id', [{ id: secretText, bytes }]],
    ['has two keys of one id', [testKey, testKey]],
  ])('a keyring that %s is refused at the start', async (_, keyring) => {
    await using world = new World();
    const { server, ...setup } = await authRefreshWorld(world);
    const error = await failureOf(world.engine({ ...setup, keyring: keyring as Keyring }));
    expect(error).toMatchObject({ code: 'CONFIGURATION_INVALID', reason: 'sealing_key' });
    expect(error.message).toContain('openssl rand 32');
    expect(error.message).not.toContain(secretText);
    expect(server.log.length).toBe(0);
  });

  test('a key file that is gone: no new one is made over what it sealed, and with its return all goes on', async () => {
    await using world = new World();
    const path = newPath();
    const { server, open } = await onFile(path, world);
    const first = await open();
    const token = (await first.getToken('crm')).reveal();
    await first.stop();
    const key = readFileSync(`${path}.key`);
    unlinkSync(`${path}.key`);
    const error = await failureOf(open());
    expect(error).toMatchObject({ code: 'CONFIGURATION_INVALID', reason: 'key_file' });
    expect(error.message).toContain(`${path}.key is missing`);
    expect(error.message).toContain('Put it back from a backup');
    expect(() => readFileSync(`${path}.key`)).toThrow('ENOENT');
    writeFileSync(`${path}.key`, key, { mode: 0o600 });
    const again = await open();
    expect((await again.getToken('crm')).reveal()).toBe(token);
    await again.stop();
    expect(server.log.length).toBe(1);
  });

  test.each<readonly [string, (file: string) => void, RegExp]>([
    ['others can read', (file) => chmodSync(file, 0o644), /chmod 600/],
    ['is empty', (file) => writeFileSync(file, ''), /does not hold a key/],
    ['holds something else', (file) => writeFileSync(file, 'hello world'), /openssl rand 32/],
    ['is a folder', (file) => void [unlinkSync(file), mkdirSync(file)], /is not a file/],
  ])('a key file that %s is refused with its cure', async (_, spoil, cure) => {
    await using world = new World();
    const path = newPath();
    const { server, open } = await onFile(path, world);
    await (await open()).stop();
    spoil(`${path}.key`);
    const error = await failureOf(open());
    expect(error.code).toBe('CONFIGURATION_INVALID');
    expect(error.message).toMatch(cure);
    expect(server.log.length).toBe(0);
  });
});

describe('F65 a store that cannot be opened', () => {
  test('F65 the path is a folder, or closed to its user: named, and nothing is sent', async () => {
    await using world = new World();
    const path = newPath();
    mkdirSync(path);
    const { server, open } = await onFile(path, world);
    const folder = await failureOf(open());
    expect(folder).toMatchObject({ code: 'STORE_MISCONFIGURED', reason: 'is_a_folder' });
    expect(folder.message).toContain(path);
    rmSync(path, { recursive: true });
    const engine = await open();
    await engine.getToken('crm');
    await engine.stop();
    chmodSync(path, 0o400);
    const closed = await failureOf(open());
    expect(closed).toMatchObject({ code: 'STORE_MISCONFIGURED', reason: 'read_only' });
    expect(closed.message).toContain(`chmod 600 ${path}`);
    chmodSync(path, 0o600);
    const again = await open();
    expect((await again.getToken('crm')).generation).toBe(1);
    await again.stop();
    expect(server.log.length).toBe(1);
  });

  test('F65 no room for escrow: a single-use token is not sent, and is once there is', async () => {
    await using world = new World();
    const path = newPath();
    const { server, open } = await onFile(path, world);
    const first = await open();
    await first.getToken('crm');
    await first.stop();
    rmSync(`${path}.escrow`, { recursive: true });
    writeFileSync(`${path}.escrow`, '');
    const engine = await open({ parameters: { gapMs: 1 } });
    const error = await failureOf(engine.renew('crm'));
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', reason: 'escrow_failed' });
    expect(error.message).toContain(`${path}.escrow`);
    expect((await engine.getToken('crm')).generation).toBe(1);
    expect(server.log.count({ operation: 'refresh' })).toBe(0);
    rmSync(`${path}.escrow`);
    expect((await engine.renew('crm')).generation).toBe(2);
    await engine.stop();
    expect(server.log.count({ operation: 'refresh' })).toBe(1);
  });

  test('F65 what opens no store makes no key and no escrow beside it', async () => {
    await using world = new World();
    const path = newPath();
    mkdirSync(path);
    const { open } = await onFile(path, world);
    await failureOf(open());
    expect(() => readFileSync(`${path}.key`)).toThrow('ENOENT');
  });
});
