import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { ChatAppAuthority } from '@tokenkeep/testing';
import { CliWorld } from './cli-world.js';

test('S22 token prints the token and a newline to stdout, and nothing to stderr', async () => {
  await using world = await CliWorld.begin();
  const { code, out, err } = await world.run(['token', 'crm']);
  expect({ code, out, err }).toEqual({ code: 0, out: `${world.newestToken()}\n`, err: '' });
});

test('token --header prints a line that curl takes', async () => {
  await using world = await CliWorld.begin();
  const { out } = await world.run(['token', 'crm', '--header']);
  expect(out).toBe(`authorization: Bearer ${world.newestToken()}\n`);
  const [name = '', value = ''] = out.trim().split(': ');
  expect((await fetch(`${world.server.url}/devices`, { headers: { [name]: value } })).status).toBe(
    200,
  );
});

test('token --json has the token, its headers and its end', async () => {
  await using world = await CliWorld.begin();
  const { out } = await world.run(['token', 'crm', '--json']);
  const token = world.newestToken();
  expect(JSON.parse(out)).toEqual({
    account: 'crm-api/crm',
    token,
    headers: { authorization: `Bearer ${token}` },
    expiresAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    generation: 1,
  });
});

test('a second process takes the token of the first from the store and asks no server', async () => {
  await using world = await CliWorld.begin();
  const first = await world.run(['token', 'crm']);
  const second = await world.run(['token', 'crm']);
  expect(second.out).toBe(first.out);
  expect(world.server.log.entries).toHaveLength(1);
});

test('--min-validity renews a token that has less life left', async () => {
  await using world = await CliWorld.begin({ rules: { accessLifeMs: 60_000 } });
  const first = await world.run(['token', 'crm']);
  const same = await world.run(['token', 'crm', '--min-validity', '10s']);
  expect(same.out).toBe(first.out);
  const wrong = await world.run(['token', 'crm', '--min-validity', 'soon']);
  expect(wrong.code).toBe(2);
  expect(wrong.err).toContain('--min-validity');
  expect(wrong.err).not.toContain('soon');
});

test('--min-validity says that it changes nothing where tokens are renewed on demand', async () => {
  await using world = await CliWorld.begin();
  const login = { email: 'a@b.example', password: world.password.secret, appId: 'app_1_1' };
  const chat = new ChatAppAuthority({ accounts: [{ accountId: 'chat', ...login }] });
  await chat.start();
  try {
    world.configure({
      providers: { chatapp: { baseUrl: chat.url } },
      accounts: {
        chat: {
          provider: 'chatapp',
          credentials: { ...login, password: '$' + '{CRM_PASSWORD}' },
        },
      },
    });
    const words = /^--min-validity changes nothing here: chatapp .* lives (23|24) h\.\n$/;
    const args = ['chat', '--min-validity', '5m'];
    const { code, out, err } = await world.run(['token', ...args]);
    expect([code, out]).toEqual([0, `${chat.truth.current('chat')?.accessToken}\n`]);
    expect(err).toMatch(words);
    const exec = ['exec', ...args, '--', process.execPath, '-e', ''];
    expect((await world.run(exec)).err).toMatch(words);
    const json = await world.run(['token', ...args, '--json']);
    expect(JSON.parse(json.err).note).toContain('--min-validity');
    expect((await world.run(['token', 'chat'])).err).toBe('');
  } finally {
    await chat.stop();
  }
});

test('S22 what goes wrong is said on stderr alone, with a code that scripts can rely on', async () => {
  await using world = await CliWorld.begin();
  const unknown = await world.run(['token', 'nobody']);
  expect([unknown.code, unknown.out]).toEqual([3, '']);
  expect(unknown.err).toContain('ACCOUNT_UNKNOWN');
  const usage = await world.run(['token']);
  expect([usage.code, usage.out]).toEqual([2, '']);
  world.server.truth.accounts.clear();
  const rejected = await world.run(['token', 'crm']);
  expect([rejected.code, rejected.out]).toEqual([4, '']);
  expect(rejected.err).toContain('tokenkeep login crm');
  world.configure({ store: join(world.folder, 'tokenkeep.json', 'tokens.db') });
  const store = await world.run(['token', 'crm']);
  expect([store.code, store.out]).toEqual([6, '']);
  world.configure({ store: `${world.storePath}-2` });
  await world.server.stop();
  const down = await world.run(['token', 'crm', '--json']);
  expect([down.code, down.out]).toEqual([5, '']);
  expect(JSON.parse(down.err).error).toMatchObject({
    code: 'PROVIDER_UNAVAILABLE',
    reason: 'connect',
  });
});
