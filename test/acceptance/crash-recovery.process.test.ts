import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { seededRandom } from '@tokenkeep/testing';
import { quick, RealWorld, until, whenAllowed } from './processes/real-world.js';

const strict = {
  rotation: { kind: 'strict' },
  provider: { inDoubt: 'resend-once' },
  credentials: false,
} as const;
const grace = {
  rotation: { kind: 'grace', graceMs: 30_000 },
  provider: { refreshToken: { singleUse: true, reuseGraceMs: 30_000 } },
  credentials: false,
} as const;

const killAt = (at: string) => ({ key: 'crm', trapAt: { at, signal: 'SIGKILL' } });
const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);
const escrowOf = ({ path }: RealWorld) => readdirSync(`${path}.escrow`);

test.each([
  { at: 'CP3', kind: strict, expected: ['refresh issued'] },
  { at: 'CP5', kind: strict, expected: ['refresh issued', 'refresh refused'] },
  { at: 'CP5', kind: grace, expected: ['refresh issued', 'refresh resent'] },
])(
  'F56 a doubt left at $at by a killed process is settled when its lease is over, with no caller: $expected',
  async (row) => {
    // Who is provably gone is not waited for: a quarantine would take longer than this test.
    const parameters = { ...quick, quarantineMs: 60_000 };
    await using world = await RealWorld.begin({ ...row.kind, parameters });
    await world.logInFirst();
    await expect((await world.process()).ask('renew', killAt(row.at))).rejects.toThrow('SIGKILL');
    const engine = await world.engine();
    engine.start();
    const requests = () => world.tokenRequests.slice(1);
    await until(() => requests().length === row.expected.length);
    await until(() => engine.health().accounts.inDoubt === 0);
    expect(requests().map(({ operation, outcome }) => `${operation} ${outcome}`)).toEqual(
      row.expected,
    );
  },
);

test('F56 a login left in the middle spends the budget, and one more brings the account up', async () => {
  await using world = await RealWorld.begin({});
  const killed = await world.process();
  await expect(killed.ask('renew', killAt('CP5'))).rejects.toThrow('SIGKILL');
  const engine = await world.engine();
  const token = await whenAllowed(() => engine.getToken('crm'));
  expect(world.server.log.logins()).toHaveLength(2);
  expect(world.isIssued(token, 2)).toBe(true);
  const { loginBudget } = await engine.status('crm');
  expect((loginBudget?.limit ?? 0) - (loginBudget?.left ?? 0)).toBe(2);
});

test('F56 killed at random instants, one process after the other, no rotation is lost', async () => {
  // More renewals than anybody may make in an hour: the cap has tests of its own.
  const parameters = { ...quick, usableCap: 100, otherCap: 100 };
  await using world = await RealWorld.begin({ ...grace, parameters });
  await world.logInFirst();
  const random = seededRandom(56);
  for (let round = 0; round < 20; round += 1) {
    const victim = await world.process();
    const before = world.tokenRequests.length;
    const renewal = victim.ask('renew', { key: 'crm' }).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, random.float() * 40));
    await Promise.all([victim.kill(), renewal]);
    const engine = await world.engine();
    const token = await whenAllowed(() => engine.renew('crm'));
    await engine.stop();
    const newest = world.server.truth.current('crm')?.generation ?? 0;
    expect(world.isIssued(token, newest)).toBe(true);
    // At most one by the victim, one that settles the doubt, and the one that was asked for.
    expect(world.tokenRequests.length - before).toBeLessThanOrEqual(3);
  }
  expect(world.server.log.logins()).toHaveLength(1);
  expect(world.server.log.count({ outcome: 'refused' })).toBe(0);
  expect(Math.max(...world.server.log.requestsPerGeneration().values())).toBeLessThanOrEqual(2);
});

test('F57 the pair a killed process left in escrow is replayed at the start, and its file is gone', async () => {
  await using world = await RealWorld.begin(strict);
  await world.logInFirst();
  const killed = await world.process();
  await expect(killed.ask('renew', killAt('CP7'))).rejects.toThrow('SIGKILL');
  expect(escrowOf(world)).toHaveLength(1);
  const engine = await world.engine();
  expect(escrowOf(world)).toEqual([]);
  expect(world.isIssued(await engine.getToken('crm'), 2)).toBe(true);
  await engine.stop();
  const next = await world.engine();
  expect(world.isIssued(await next.getToken('crm'), 2)).toBe(true);
  expect(world.server.log.count({ operation: 'refresh' })).toBe(1);
});

test('F57 the escrow of a process that lives is left to it', async () => {
  await using world = await RealWorld.begin(strict);
  await world.logInFirst();
  const stopped = await world.process();
  const renewal = stopped.ask('renew', { key: 'crm', trapAt: { at: 'CP7', signal: 'SIGSTOP' } });
  await stopped.standsStill();
  expect(escrowOf(world)).toHaveLength(1);
  const engine = await world.engine();
  expect(escrowOf(world)).toHaveLength(1);
  stopped.signal('SIGCONT');
  expect(world.isIssued(await renewal, 2)).toBe(true);
  expect(world.isIssued(await whenAllowed(() => engine.getToken('crm')), 2)).toBe(true);
  expect(world.server.log.count({ operation: 'refresh' })).toBe(1);
});

test('S26 escrow folder, escrow file and key file are for their owner only, whatever the umask', async () => {
  await using world = await RealWorld.begin({ ...strict, credentials: true });
  const killed = await world.process({ umask: 0 });
  await killed.ask('token', { key: 'crm' });
  await expect(killed.ask('renew', killAt('CP7'))).rejects.toThrow('SIGKILL');
  const files = readdirSync(join(world.folder, 'store'), { withFileTypes: true });
  for (const entry of files) {
    const path = join(world.folder, 'store', entry.name);
    expect([entry.name, modeOf(path)]).toEqual([entry.name, entry.isDirectory() ? '700' : '600']);
  }
  expect(files.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['tokens.db', 'tokens.db.key', 'tokens.db.escrow']),
  );
  const [escrowed = ''] = escrowOf(world);
  expect(modeOf(join(`${world.path}.escrow`, escrowed))).toBe('600');
});

test('F65 P10 the claim of a dead process is over at once, however long its lease', async () => {
  const parameters = { ...quick, leaseMs: 3_600_000, heartbeatMs: 1_200_000 };
  await using world = await RealWorld.begin({ ...strict, parameters });
  await world.logInFirst();
  await expect((await world.process()).ask('renew', killAt('CP2'))).rejects.toThrow('SIGKILL');
  const engine = await world.engine();
  expect(world.isIssued(await whenAllowed(() => engine.renew('crm')), 2)).toBe(true);
  expect(world.server.log.count({ operation: 'refresh' })).toBe(1);
});

test('F65 P10 the claim of a process that lives is waited for', async () => {
  const parameters = { ...quick, leaseMs: 3_600_000, heartbeatMs: 1_200_000 };
  await using world = await RealWorld.begin({ ...strict, parameters });
  await world.logInFirst();
  const holder = await world.process();
  const renewal = holder.ask('renew', { key: 'crm', trapAt: { at: 'CP2', signal: 'SIGSTOP' } });
  const engine = await world.engine();
  await holder.standsStill();
  await expect(engine.renew('crm')).rejects.toMatchObject({ reason: 'held' });
  expect(world.isIssued(await engine.getToken('crm'), 1)).toBe(true);
  expect(world.server.log.count({ operation: 'refresh' })).toBe(0);
  holder.signal('SIGCONT');
  expect(world.isIssued(await renewal, 2)).toBe(true);
  expect(world.server.log.count({ operation: 'refresh' })).toBe(1);
});
