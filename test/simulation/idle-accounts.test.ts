import { expect, test } from '@jest/globals';
import { TokenError } from '@tokenkeep/core';
import { authRefreshAccounts, chatAppAccounts } from './served-accounts.js';
import { watchedSimulation } from './watched-simulation.js';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const refreshLifeMs = 14 * day;
/** Looked at often enough for weeks. */
const parameters = { schedulePollMs: hour, accountsPollMs: day };

test('F48 with keepAlive and no callers for 60 days, an account is refreshed at half of its refresh token', async () => {
  const simulation = watchedSimulation();
  const { server, ...setup } = chatAppAccounts(simulation, { account: { keepAlive: true } });
  const { log, truth } = server.authority;
  const service = await simulation.start('service', { ...setup, parameters });
  await simulation.playUntil(service.getToken('crm'));

  await simulation.play(60 * day);
  const [login = 0, ...refreshes] = log.entries.map(({ at }) => at);
  expect(log.count({ operation: 'obtain' })).toBe(1);
  const gaps = refreshes.map((at, index) => at - (refreshes[index - 1] ?? login));
  expect(gaps.length).toBe(8);
  for (const gap of gaps) {
    expect(gap).toBeGreaterThan(refreshLifeMs / 2 - minute);
    expect(gap).toBeLessThanOrEqual(refreshLifeMs / 2 + hour);
  }
  const token = await simulation.playUntil(service.getToken('crm'));
  expect(truth.accepts(token.reveal())).toBe(true);
  expect(log.count({ operation: 'obtain' })).toBe(1);
});

test('F48 I13 after ten lives of its refresh token, through restarts and reboots, it still needs no password', async () => {
  const simulation = watchedSimulation({ store: { embeddedIn: 'host' } });
  const host = simulation.host('host');
  const { server, ...setup } = chatAppAccounts(simulation, { account: { keepAlive: true } });
  const { log, truth } = server.authority;
  let service = await simulation.start('service', { ...setup, parameters, host });
  await simulation.playUntil(service.getToken('crm'));

  // Every nine days, so that a refresh is due while nobody is there to do it.
  for (let passed = 0; passed < 10 * refreshLifeMs; passed += 9 * day) {
    await simulation.play(6 * day);
    if ((passed / day) % 2 === 0) service.kill();
    else host.powerOff();
    await simulation.play(3 * day);
    host.powerOn();
    service = await simulation.start('service', { ...setup, parameters, host });
  }
  await simulation.play(minute);
  const token = await simulation.playUntil(service.getToken('crm'));
  expect(truth.accepts(token.reveal())).toBe(true);
  expect(log.count({ operation: 'obtain' })).toBe(1);
});

test('F48 a refresh token with an absolute end costs one login at each end, and no caller notices', async () => {
  const simulation = watchedSimulation();
  const { server, ...setup } = authRefreshAccounts(simulation, {
    rules: { accessLifeMs: 6 * hour, refreshLifeMs, refreshSlides: false },
  });
  const { log, truth } = server.authority;
  const service = await simulation.start('service', { ...setup, parameters });
  for (let asked = 0; asked < 60 * 24; asked += 1) {
    const token = await simulation.playUntil(service.getToken('crm'));
    expect(truth.accepts(token.reveal())).toBe(true);
    await simulation.play(hour);
  }
  const logins = log.logins().map(({ at }) => at);
  expect(logins).toHaveLength(5);
  expect(log.count({ outcome: 'refused' })).toBe(0);
});

test('F48 without a login, a refresh token with an absolute end is used to its end, and then a person is asked for', async () => {
  const simulation = watchedSimulation();
  const { server, ...setup } = authRefreshAccounts(simulation, {
    rules: { accessLifeMs: 6 * hour, refreshLifeMs, refreshSlides: false },
    logsIn: false,
  });
  const { log, truth } = server.authority;
  const service = await simulation.start('service', { ...setup, parameters });
  const { accessToken, refresh } = truth.tokens.login('crm');
  await simulation.playUntil(
    service.engine.accounts.import('crm', {
      accessToken,
      lifetimeMs: 6 * hour,
      refreshToken: refresh?.token,
      refreshLifetimeMs: refreshLifeMs,
    }),
  );
  await simulation.play(refreshLifeMs - hour);
  const served = await simulation.playUntil(service.getToken('crm'));
  expect(truth.accepts(served.reveal())).toBe(true);

  await simulation.play(8 * hour);
  const error = await simulation.playUntil(service.getToken('crm').catch((thrown) => thrown));
  expect(TokenError.is(error, 'REAUTHORIZATION_REQUIRED')).toBe(true);
  expect(error.reason).toBe('refresh_token_expired');
  expect(log.count({ outcome: 'refused' })).toBe(0);
});
