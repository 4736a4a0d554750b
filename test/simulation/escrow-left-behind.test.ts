import { expect, test } from '@jest/globals';
import type { CrashPoint } from '@tokenkeep/core';
import { authRefreshAccounts } from './served-accounts.js';
import { steadyCallers } from './steady-callers.js';
import { watchedSimulation } from './watched-simulation.js';

const second = 1_000;
const minute = 60 * second;
const lifeMs = 10 * minute;

/** A rotated pair waits in escrow on the disk of a host whose process has died. */
async function pairLeftBehind(point: CrashPoint) {
  const simulation = watchedSimulation();
  const { server, ...setup } = authRefreshAccounts(simulation, {
    rules: { accessLifeMs: lifeMs },
    logsIn: false,
  });
  const { truth, log } = server.authority;
  const host = simulation.host('first');
  let armed = false;
  const first = await simulation.start('service', {
    ...setup,
    host,
    background: false,
    onCrashPoint: (at) => (armed && at === point ? 'dies' : undefined),
  });
  const { accessToken, refresh } = truth.tokens.login('crm');
  const tokens = { accessToken, refreshToken: refresh?.token, lifetimeMs: lifeMs };
  await simulation.playUntil(first.engine.accounts.import('crm', tokens));
  await simulation.play(8 * minute);
  armed = true;
  first.engine.renew('crm').catch(() => {});
  await simulation.play(2 * second);
  expect(first.isAlive).toBe(false);
  expect(log.entries.map(({ operation }) => operation)).toEqual(['refresh']);
  return { simulation, server, setup, host };
}

test.each(['CP7', 'CP8'] as const)(
  'F56 %s on another host a person is asked for; once the first host is back, its escrow heals the account',
  async (point) => {
    const { simulation, server, setup, host } = await pairLeftBehind(point);
    const { truth, log } = server.authority;
    const elsewhere = await simulation.start('service', {
      ...setup,
      host: simulation.host('another'),
    });
    await simulation.play(3 * minute);
    const error = await simulation.playUntil(elsewhere.getToken('crm').catch((thrown) => thrown));
    expect(error).toMatchObject({ code: 'REAUTHORIZATION_REQUIRED', reason: 'rotation_lost' });

    await simulation.start('service', { ...setup, host });
    const answers = steadyCallers(simulation, elsewhere, 'crm');
    await simulation.play(10 * second);
    expect(answers.at(-1)?.token).toBe(truth.current('crm')?.accessToken);
    expect(log.length).toBe(1);
  },
);

test.each(['CP7', 'CP8'] as const)(
  'F59 %s what was synced into escrow survives a power cut: the pair is committed after the boot',
  async (point) => {
    const { simulation, server, setup, host } = await pairLeftBehind(point);
    const { truth, log } = server.authority;
    host.powerOff();
    await simulation.play(minute);
    host.powerOn();
    const next = await simulation.start('service', { ...setup, host });
    const answers = steadyCallers(simulation, next, 'crm');
    await simulation.play(3 * minute);
    expect(new Set(answers.map(({ token }) => token))).toEqual(
      new Set([truth.current('crm')?.accessToken]),
    );
    expect(log.length).toBe(1);
  },
);
