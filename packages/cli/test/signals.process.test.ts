import { readdirSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { fault } from '@tokenkeep/testing';
import { CliWorld } from './cli-world.js';

const refreshes = ({ server }: CliWorld) =>
  server.log.where({ operation: 'refresh' }).map(({ outcome }) => outcome);

/** A command line whose refresh has reached the server, which takes its time to answer. */
async function refreshing(world: CliWorld, args: readonly string[], replyAfterMs: number) {
  await world.run(['token', 'crm']);
  world.server.faults.next('refresh', fault.delay(replyAfterMs));
  const arrived = world.server.nextRequest('refresh');
  const cli = world.start(args);
  await arrived;
  return cli;
}

test.each(['SIGTERM', 'SIGINT'] as const)(
  'F60 %s during a refresh of `run`: the reply is saved first, then it ends with 0',
  async (signal) => {
    await using world = await CliWorld.begin({ rules: { accessLifeMs: 2_500 } });
    const cli = await refreshing(world, ['run'], 1_000);
    cli.signal(signal);
    expect(await cli.ended).toMatchObject({ code: 0, signal: null });
    expect(readdirSync(`${world.storePath}.escrow`)).toEqual([]);
    const engine = await world.engine();
    expect((await engine.status('crm')).generation).toBe(2);
    expect(refreshes(world)).toEqual(['issued']);
    expect(world.server.log.replays()).toEqual([]);
  },
);

test('F60 SIGTERM during `renew`: the reply is saved first, then it ends with 143', async () => {
  await using world = await CliWorld.begin();
  const cli = await refreshing(world, ['renew', 'crm'], 1_000);
  cli.signal('SIGTERM');
  const { code, err } = await cli.ended;
  const engine = await world.engine();
  expect((await engine.status('crm')).generation).toBe(2);
  // The reply may come before the engine tells its callers that it stops.
  expect([0, 143]).toContain(code);
  if (code === 143) expect(err).toContain('Ended by a signal.');
  expect(refreshes(world)).toEqual(['issued']);
});

test('F60 a second signal ends it at once, and the next process recovers without a replay', async () => {
  const graceMs = 30_000;
  await using world = await CliWorld.begin({
    rotation: { kind: 'grace', graceMs },
    provider: { refreshToken: { singleUse: true, reuseGraceMs: graceMs } },
  });
  const cli = await refreshing(world, ['renew', 'crm'], 60_000);
  cli.signal('SIGINT');
  await cli.shows('once more ends it at once');
  cli.signal('SIGINT');
  await expect(cli.ended).resolves.toMatchObject({ code: 130 });
  expect((await world.run(['status', 'crm'])).out).toContain('in doubt');
  const { code, out } = await world.run(['token', 'crm']);
  expect([code, world.issuedSecrets().includes(out.trim())]).toEqual([0, true]);
  expect(world.server.log.where({ familyRevoked: true })).toEqual([]);
});

test('run renews by itself and says so in a line for each event', async () => {
  await using world = await CliWorld.begin({ rules: { accessLifeMs: 2_500 } });
  const cli = world.start(['run']);
  await cli.shows('token renewed');
  cli.signal('SIGTERM');
  const { code, out, err } = await cli.ended;
  expect(code).toBe(0);
  expect(out).toMatch(/^\d\d:\d\d:\d\d {2}crm {2}token obtained, token 1 lives [23] s$/m);
  expect(out).toMatch(/^\d\d:\d\d:\d\d {2}crm {2}token renewed, token 2 lives [23] s$/m);
  expect(err).toContain('Keeping 1 account alive.');
  expect(world.server.log.replays()).toEqual([]);
});

test('S22 run --json prints one object for each event, without a secret', async () => {
  await using world = await CliWorld.begin({ rules: { accessLifeMs: 2_500 } });
  const cli = world.start(['run', '--json']);
  await cli.shows('token:renewed');
  cli.signal('SIGTERM');
  const { out } = await cli.ended;
  const events = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(events).toContainEqual(
    expect.objectContaining({ event: 'token:obtained', account: 'crm-api/crm', generation: 1 }),
  );
  for (const secret of world.issuedSecrets()) expect(out).not.toContain(secret);
});

test('a reader who leaves, as head does, ends nothing with noise', async () => {
  await using world = await CliWorld.begin({ rules: { accessLifeMs: 2_500 } });
  const run = world.start(['run']);
  await run.shows('token obtained');
  run.leave();
  expect(await run.ended).toMatchObject({ code: 0 });
  expect(run.written).not.toContain('EPIPE');
  const status = world.start(['status']);
  status.leave();
  expect(await status.ended).toMatchObject({ code: 0, err: '' });
});
