import { describe, expect, test } from '@jest/globals';
import type { CrashPoint } from '@tokenkeep/core';
import { authRefreshAccounts } from './served-accounts.js';
import { watchedSimulation } from './watched-simulation.js';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

test('F51 ten thousand callers at expiry in one process make one request, and get one object', async () => {
  for (const atMs of [hour - 30 * second, hour, 3 * hour]) {
    const simulation = watchedSimulation();
    const { server, ...setup } = authRefreshAccounts(simulation);
    const service = await simulation.start('service', { ...setup, background: false });
    const old = await simulation.playUntil(service.getToken('crm'));
    await simulation.play(atMs - simulation.now);

    const calls = Array.from({ length: 10_000 }, () => service.getToken('crm'));
    const tokens = await simulation.playUntil(Promise.all(calls));
    expect(new Set(tokens).size).toBe(1);
    expect(tokens[0]).not.toBe(old);
    const { log } = server.authority;
    expect(log.entries.map(({ operation }) => operation)).toEqual(['obtain', 'refresh']);
  }
});

describe('ten workers on one rotating token', () => {
  test('P11 each expiry is one request of one of them, and every worker is served', async () => {
    for (let seed = 1; seed <= 3; seed += 1) {
      const simulation = watchedSimulation({ seed });
      const { server, ...setup } = authRefreshAccounts(simulation);
      const { log, truth } = server.authority;
      const workers = [];
      for (let index = 0; index < 10; index += 1) {
        const host = simulation.host(`host-${index % 5}`);
        const options = { ...setup, host, background: false };
        workers.push(await simulation.start(`worker-${index}`, options));
      }
      for (let round = 1; round <= 8; round += 1) {
        const calls = workers.map((worker) => worker.getToken('crm'));
        const tokens = await simulation.playUntil(Promise.all(calls));
        const current = truth.current('crm')?.accessToken;
        expect(new Set(tokens.map((token) => token.reveal()))).toEqual(new Set([current]));
        expect(log.length).toBe(round);
        // Past the end: nobody has a token, and all of them want one.
        await simulation.play(hour + second);
      }
      expect(log.replays()).toEqual([]);
      expect(log.count({ outcome: 'issued' })).toBe(8);
    }
  });

  test('P11 the same where they renew behind their callers: one request for each life', async () => {
    const simulation = watchedSimulation();
    const { server, ...setup } = authRefreshAccounts(simulation);
    const { log } = server.authority;
    const hosts = Array.from({ length: 5 }, (_, index) => simulation.host(`host-${index}`));
    for (const [index, host] of [...hosts, ...hosts].entries()) {
      const parameters = { schedulePollMs: minute };
      await simulation.start(`worker-${index}`, { ...setup, host, parameters });
    }
    await simulation.play(8 * hour);
    expect(Math.max(...log.requestsPerGeneration().values())).toBe(1);
    expect(log.replays()).toEqual([]);
    // Each token lives for 36 to 48 minutes before it is replaced.
    expect(log.count({ outcome: 'issued' })).toBeGreaterThanOrEqual(10);
    expect(log.count({ outcome: 'issued' })).toBeLessThanOrEqual(14);
  });
});

describe('the lock of a renewal', () => {
  /** One process that dies, or stands still, once its claim is on the way; and another one. */
  async function scene(restsAt: CrashPoint, onSameHost: boolean) {
    const simulation = watchedSimulation();
    const { server, ...setup } = authRefreshAccounts(simulation);
    const host = simulation.host('one');
    const rest: { act?: (() => 'dies' | undefined) | undefined } = {};
    const first = await simulation.start('first', {
      ...setup,
      host,
      background: false,
      onCrashPoint: (point) => {
        const act = point === restsAt ? rest.act : undefined;
        if (act !== undefined) rest.act = undefined;
        return act?.();
      },
    });
    await simulation.playUntil(first.getToken('crm'));
    await simulation.play(hour);
    const other = onSameHost ? host : simulation.host('another');
    const second = await simulation.start('second', { ...setup, host: other, background: false });
    return { simulation, log: server.authority.log, first, second, rest };
  }

  test.each([
    ['on the same host at once', true, second],
    ['on another host once its lease is over', false, 11 * second],
  ] as const)('P10 of a process that died is taken over %s', async (_, onSameHost, withinMs) => {
    for (const point of ['CP1', 'CP2'] as const) {
      const { simulation, log, first, second, rest } = await scene(point, onSameHost);
      rest.act = () => 'dies';
      first.getToken('crm').catch(() => {});
      await simulation.play(500);
      expect(first.isAlive).toBe(false);
      const askedAt = simulation.now;
      const token = await simulation.playUntil(second.getToken('crm'));
      expect(token.generation).toBe(2);
      expect(simulation.now - askedAt).toBeLessThanOrEqual(withinMs);
      expect(log.entries.map(({ operation }) => operation)).toEqual(['obtain', 'refresh']);
    }
  });

  test('P10 of a process that stood still is not given away by it, once another one has it', async () => {
    // It wakes up in the middle of what the other one does, or long after.
    for (const pauseMs of [10.5, 11, 11.3, 11.6, 12, 60].map((seconds) => seconds * second)) {
      const { simulation, log, first, second: other, rest } = await scene('CP2', false);
      // Slow enough to be woken up in.
      simulation.network.latencyMs = 300;
      rest.act = () => void first.pause(pauseMs);
      const late = first.getToken('crm').then(({ generation }) => generation);
      await simulation.play(500);
      const released: boolean[] = [];
      simulation.watch({
        changed(_id, before, after) {
          if (before?.holder !== other.process.holder.id || after.holder === before.holder) return;
          released.push(after.body.includes('"generation":2'));
        },
      });
      const { generation } = await simulation.playUntil(other.getToken('crm'));
      expect(generation).toBe(2);
      // Its caller was ready to wait for 15 s, and gets what is there when it has run out of patience.
      expect(await simulation.playUntil(late)).toBe(2);
      expect((await simulation.playUntil(first.getToken('crm'))).generation).toBe(2);
      expect(released).toEqual([true]);
      expect(log.entries.map(({ operation }) => operation)).toEqual(['obtain', 'refresh']);
    }
  });
});
