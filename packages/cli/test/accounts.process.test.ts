import { chmodSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { CliWorld } from './cli-world.js';

const add = ['accounts', 'add', 'eu', '--provider', 'crm-api'];
const json = (world: CliWorld) =>
  JSON.stringify({ username: 'eve', password: world.password.secret });

test('accounts add puts an account into the store that every process has from then on', async () => {
  await using world = await CliWorld.begin();
  const added = await world.run([...add, '--credentials-stdin'], { stdin: json(world) });
  expect([added.code, added.err]).toEqual([0, '']);
  expect(added.out).toContain('eu (crm-api/eu) is in the store. Next: tokenkeep token eu');
  expect((await world.run(['token', 'eu'])).out).toBe(`${world.newestToken('eu')}\n`);
  const list = await world.run(['accounts', 'list', '--json']);
  expect(JSON.parse(list.out).accounts).toEqual([
    { id: 'crm-api/crm', name: 'crm', provider: 'crm-api', from: 'config' },
    { id: 'crm-api/eu', name: 'eu', provider: 'crm-api', from: 'store' },
  ]);
  const engine = await world.engine();
  expect((await engine.getToken('eu')).reveal()).toBe(world.newestToken('eu'));
});

test('accounts add takes a file of mode 0600, and no other', async () => {
  await using world = await CliWorld.begin();
  const file = world.file('eu.json', json(world));
  chmodSync(file, 0o644);
  const open = await world.run([...add, '--credentials-file', file]);
  expect([open.code, open.err]).toEqual([2, expect.stringContaining('chmod 600')]);
  chmodSync(file, 0o600);
  expect((await world.run([...add, '--credentials-file', file])).code).toBe(0);
  const again = await world.run([...add, '--credentials-file', file]);
  expect(again.code).toBe(2);
  expect((await world.run([...add, '--credentials-file', file, '--replace'])).code).toBe(0);
});

test('S21 accounts add takes no secret from the command line and repeats none', async () => {
  await using world = await CliWorld.begin();
  for (const args of [
    ['--password', world.password.secret],
    [`--password=${world.password.secret}`],
    [`--pw=${world.password.secret}`],
    [`-p${world.password.secret}`],
  ]) {
    const { code, out, err } = await world.run([...add, ...args]);
    expect([code, out]).toEqual([2, '']);
    expect(err).not.toContain(world.password.random);
  }
});

test('accounts add says what is wrong with credentials without showing them', async () => {
  await using world = await CliWorld.begin();
  const given = { usernam: 'eve', password: world.password.secret };
  const wrong = await world.run([...add, '--credentials-stdin'], { stdin: JSON.stringify(given) });
  expect(wrong.code).toBe(2);
  expect(wrong.err).toContain('username');
  const broken = await world.run([...add, '--credentials-stdin'], {
    stdin: `{"password": "${world.password.secret}`,
  });
  expect([broken.code, broken.err]).toEqual([2, expect.stringContaining('not a JSON object')]);
  const nobody = await world.run(add);
  expect([nobody.code, nobody.err]).toEqual([2, expect.stringContaining('--credentials-stdin')]);
  const unknown = await world.run(['accounts', 'add', 'eu', '--provider', 'crm-apy'], {});
  expect(unknown.err).toContain('Did you mean "crm-api"?');
  for (const { out, err } of [wrong, broken, nobody, unknown]) {
    expect(out + err).not.toContain(world.password.random);
  }
});

test.each(['stdin', 'file'])('accounts import takes a token reply from %s', async (place) => {
  await using world = await CliWorld.begin();
  const set = world.server.truth.tokens.login('eu');
  const reply = JSON.stringify({
    access_token: set.accessToken,
    token_type: 'Bearer',
    expires_in: 3600,
    refresh_token: set.refresh?.token,
    id_token: 'unused',
  });
  await world.run([...add, '--no-credentials']);
  const imported =
    place === 'stdin'
      ? await world.run(['accounts', 'import', 'eu', '--stdin'], { stdin: reply })
      : await world.run(['accounts', 'import', 'eu', '--file', world.file('reply.json', reply)]);
  expect([imported.code, imported.err]).toEqual([0, 'Not used: id_token.\n']);
  expect((await world.run(['token', 'eu'])).out).toBe(`${set.accessToken}\n`);
  const renewed = await world.run(['renew', 'eu']);
  expect(renewed.code).toBe(0);
  expect(world.newestToken('eu')).not.toBe(set.accessToken);
  expect(world.server.log.replays()).toEqual([]);
});

test('accounts import warns of the refresh token only where there is one', async () => {
  await using world = await CliWorld.begin();
  const rule = 'Nobody else may go on using this refresh token.';
  const told = async (reply: object) =>
    (await world.run(['accounts', 'import', 'crm', '--stdin'], { stdin: JSON.stringify(reply) }))
      .out;
  const access = { access_token: 'an-access-token', expires_in: 3600 };
  expect(await told(access)).toBe('✔ The tokens of crm are imported.\n');
  expect(await told({ ...access, refresh_token: 'a-refresh-token' })).toContain(rule);
});

test('accounts of the store: what to type when a person is needed works when it is typed', async () => {
  await using world = await CliWorld.begin();
  const wrong = JSON.stringify({ username: 'eve', password: 'wrong' });
  await world.run([...add, '--credentials-stdin'], { stdin: wrong });
  const rejected = await world.run(['token', 'eu']);
  expect(rejected.code).toBe(4);
  expect(rejected.err).toContain('tokenkeep accounts add eu --provider crm-api --replace');
  const stdin = json(world);
  await world.run([...add, '--replace', '--credentials-stdin'], { stdin });
  expect((await world.run(['token', 'eu'])).out).toBe(`${world.newestToken('eu')}\n`);

  await world.run(['accounts', 'add', 'bare', '--provider', 'crm-api', '--no-credentials']);
  const bare = await world.run(['token', 'bare']);
  expect(bare.code).toBe(4);
  expect(bare.err).toContain('tokenkeep accounts import bare --stdin');
  expect(bare.err).not.toContain('engine.');
  const revoked = await world.run(['revoke', 'eu', '--yes', '--json']);
  expect(revoked.code).toBe(0);
  expect((await world.run(['token', 'eu', '--json'])).err).not.toContain('engine.');
});

test('accounts list breaks no name where the terminal is narrow', async () => {
  await using world = await CliWorld.begin();
  const { out } = await world.run(['accounts', 'list'], { env: { COLUMNS: '30' } });
  expect(out).toBe('crm\n  crm-api\n  config\n  crm-api/crm\n');
});

test('a renewal that had nothing to refresh says that it logged in', async () => {
  await using world = await CliWorld.begin();
  expect((await world.run(['renew', 'crm'])).out).toMatch(/^✔ crm is logged in: token 1 /);
  expect((await world.run(['renew', 'crm'])).out).toMatch(/^✔ crm is renewed: token 2 /);
});

test('accounts remove ends nothing without a yes, and with it forgets the account', async () => {
  await using world = await CliWorld.begin();
  await world.run([...add, '--credentials-stdin'], { stdin: json(world) });
  const unasked = await world.run(['accounts', 'remove', 'eu']);
  expect([unasked.code, unasked.err]).toEqual([2, expect.stringContaining('--yes')]);
  expect((await world.run(['accounts', 'remove', 'eu', '--yes'])).code).toBe(0);
  expect((await world.run(['token', 'eu'])).code).toBe(3);
});

test('login, renew and revoke say what happened in one line', async () => {
  await using world = await CliWorld.begin();
  const login = await world.run(['login', 'crm']);
  expect(login.out).toMatch(/^✔ crm is logged in: token 1 lives for 59 min, until [\d: -]+\.\n$/);
  const renew = await world.run(['renew', 'crm', '--json']);
  expect(JSON.parse(renew.out)).toEqual({
    account: 'crm-api/crm',
    generation: 2,
    expiresAt: expect.any(String),
  });
  const unasked = await world.run(['revoke', 'crm']);
  expect([unasked.code, unasked.err]).toEqual([2, expect.stringContaining('--yes')]);
  const revoke = await world.run(['revoke', 'crm', '--yes']);
  expect(revoke.out).toMatch(/^✔ crm is revoked\. .*tokenkeep login crm\n$/);
  expect((await world.run(['token', 'crm'])).code).toBe(4);
  await world.run(['login', 'crm']);
  expect((await world.run(['token', 'crm'])).out).toBe(`${world.newestToken()}\n`);
});

test('accounts add takes credentials that are the token of another account', async () => {
  await using world = await CliWorld.begin();
  const credentials = { username: 'ada', password: { tokenOf: 'crm' } };
  const added = await world.run(
    [
      'accounts',
      'add',
      'chained',
      '--provider',
      'crm-api',
      '--account',
      'eu',
      '--credentials-stdin',
    ],
    { stdin: JSON.stringify(credentials) },
  );
  expect(added).toMatchObject({ code: 0, out: expect.stringContaining('is in the store') });
  const { out } = await world.run(['accounts', 'list', '--json']);
  expect(out).toContain('chained');
});
