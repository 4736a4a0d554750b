import { expect, test } from '@jest/globals';
import { fault } from '@tokenkeep/testing';
import { CliWorld } from './cli-world.js';

const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const wide = { COLUMNS: '120' };

test('status of an account nobody has used yet sends nothing and says what will happen', async () => {
  await using world = await CliWorld.begin();
  const { code, out, err } = await world.run(['status'], { env: wide });
  expect([code, err]).toEqual([0, '']);
  expect(out).toMatch(/ACCOUNT +STATE +TOKEN +REFRESH TOKEN +WHAT HAPPENS NEXT/);
  expect(out).toMatch(/crm +○ no token yet +logs in when asked/);
  expect(world.server.log.entries).toEqual([]);
});

test('status says in words what lives how long and what happens next, when and why', async () => {
  await using world = await CliWorld.begin();
  await world.run(['token', 'crm']);
  const table = await world.run(['status'], { env: wide });
  expect(table.out).toMatch(/crm +● live +59 min left +29 d left +renews in (3[5-9]|4\d) min/);
  const block = await world.run(['status', 'crm']);
  expect(block.out).toMatch(/^crm {2}crm-api\/crm {2}● live\n/);
  expect(block.out).toMatch(/\n {2}logins +\d+ of \d+ left\n/);
});

test('a narrow terminal gets a block for each account', async () => {
  await using world = await CliWorld.begin();
  await world.run(['token', 'crm']);
  const { out } = await world.run(['status'], { env: { COLUMNS: '40' } });
  expect(out).not.toContain('ACCOUNT');
  expect(out).toMatch(/^crm .*● live\n {2}token +59 min left\n/);
});

test('S22 status --json is one stable line of facts and times', async () => {
  await using world = await CliWorld.begin();
  await world.run(['token', 'crm']);
  const { out } = await world.run(['status', '--json']);
  expect(out.trimEnd()).not.toContain('\n');
  expect(JSON.parse(out)).toEqual({
    at: time,
    accounts: [
      {
        id: 'crm-api/crm',
        name: 'crm',
        provider: 'crm-api',
        state: 'live',
        summary: 'live',
        tokenLives: true,
        generation: 1,
        failures: 0,
        accessEndsAt: time,
        refreshEndsAt: time,
        refreshable: true,
        next: { action: 'renew', at: time },
        loginBudget: { left: expect.any(Number), limit: expect.any(Number) },
      },
    ],
  });
});

test('status names who must act, why, and what to type, and ends with 4', async () => {
  await using world = await CliWorld.begin();
  world.server.truth.accounts.clear();
  await world.run(['token', 'crm']);
  expect((await world.run(['status'])).code).toBe(4);
  const json = await world.run(['status', '--json']);
  expect(json.code).toBe(4);
  expect(JSON.parse(json.out).accounts).toMatchObject([
    { state: 'reauthorization_required', summary: 'needs a person', tokenLives: false },
  ]);
  const { code, out } = await world.run(['status', 'crm']);
  expect(code).toBe(4);
  expect(out).toContain('✖ needs a person');
  expect(out).toContain('correct the credentials, then: tokenkeep login crm');
  expect(out).toMatch(/why +credentials_rejected/);
});

test('NO_COLOR, --no-color and a pipe are heeded, FORCE_COLOR paints', async () => {
  await using world = await CliWorld.begin();
  const painted = '\u001b[';
  const out = async (args: string[], env = {}) =>
    (await world.run(['status', ...args], { env: { ...wide, ...env } })).out;
  expect(await out([])).not.toContain(painted);
  expect(await out([], { FORCE_COLOR: '1' })).toContain(painted);
  expect(await out(['--no-color'], { FORCE_COLOR: '1' })).not.toContain(painted);
  expect(await out([], { FORCE_COLOR: '1', NO_COLOR: '1' })).not.toContain(painted);
});

test.each([
  ['--json', '}\n'],
  ['--verbose', 'nobody has to act\n'],
])(
  'status --watch shows it again until it is interrupted, and has nothing to save (%s)',
  async (option, shown) => {
    await using world = await CliWorld.begin();
    const cli = world.start(['status', '--watch', option]);
    await cli.shows(shown);
    cli.signal('SIGINT');
    expect(await cli.ended).toMatchObject({ code: 0, err: '' });
  },
);

test('status --json says of a token that has ended that it does not live', async () => {
  await using world = await CliWorld.begin({ rules: { accessLifeMs: 1_500 } });
  await world.run(['token', 'crm']);
  const look = async () => JSON.parse((await world.run(['status', '--json'])).out).accounts[0];
  let facts = await look();
  while (facts.tokenLives) facts = await look();
  expect(facts).toMatchObject({ state: 'live', summary: 'token ended', tokenLives: false });
});

test('status shows an account whose logins fail, and what to type to see why', async () => {
  await using world = await CliWorld.begin();
  world.server.faults.always('obtain', fault.status(503));
  await world.run(['token', 'crm']);
  const { code, out } = await world.run(['status', 'crm'], { env: wide });
  expect(code).toBe(0);
  expect(out).toContain('✖ failing');
  expect(out).toMatch(/next +tries again .*; to see why: tokenkeep login crm/);
  expect(out).toMatch(/failures +\d+ in a row/);
  expect((await world.run(['status'])).out).toContain('1 account, 1 to look after');
  expect((await world.run(['login', 'crm'])).err).toContain('PROVIDER_UNAVAILABLE');
});

test('status and accounts list need no credentials: a variable that is missing is a note', async () => {
  await using world = await CliWorld.begin();
  await world.run(['token', 'crm']);
  const env = { CRM_PASSWORD: '' };
  for (const command of [['status'], ['accounts', 'list']]) {
    const { code, out, err } = await world.run(command, { env: { ...wide, ...env } });
    expect([code, out]).toEqual([0, expect.stringMatching(/crm-api|● live/)]);
    expect(err).toContain('CRM_PASSWORD');
    const json = await world.run([...command, '--json'], { env });
    expect(JSON.parse(json.err).note).toContain('CRM_PASSWORD');
  }
  expect((await world.run(['token', 'crm'], { env })).code).toBe(2);
});
