import { describe, expect, test } from '@jest/globals';
import { authRefreshAccounts } from './served-accounts.js';
import { type Answer, steadyCallers } from './steady-callers.js';
import { watchedSimulation } from './watched-simulation.js';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const year = 365 * 24 * hour;
/** A wake-up call of the scheduler reads the store before it begins anything. */
const wayToTheStoreMs = 50;

describe('the wall clock jumped between stop and restart', () => {
  const steps = [
    ['an hour back', -hour],
    ['an hour ahead', hour],
    ['a year back', -year],
    ['a year ahead', year],
  ] as const;

  test.each(steps)(
    'F11 %s, the process restarted: no request, the token goes on',
    async (_, step) => {
      const simulation = watchedSimulation({ store: { embeddedIn: 'host' } });
      const host = simulation.host('host');
      const { server, ...setup } = authRefreshAccounts(simulation);
      const first = await simulation.start('service', { ...setup, host });
      const token = await simulation.playUntil(first.getToken('crm'));
      await simulation.play(10 * minute);

      first.kill();
      host.stepWall(step);
      await simulation.play(minute);
      const next = await simulation.start('service', { ...setup, host });
      const answers = steadyCallers(simulation, next, 'crm', 10 * second);
      await simulation.play(20 * minute);
      expect(tokensOf(answers)).toEqual([token.reveal()]);
      expect(server.authority.log.length).toBe(1);
    },
  );

  test.each(steps)(
    'F11 %s, the machine rebooted: one refresh, and no token from before',
    async (_, step) => {
      const simulation = watchedSimulation({ store: { embeddedIn: 'host' } });
      const host = simulation.host('host');
      const { server, ...setup } = authRefreshAccounts(simulation);
      const first = await simulation.start('service', { ...setup, host });
      const { log } = server.authority;
      let last = (await simulation.playUntil(first.getToken('crm'))).reveal();

      for (let reboots = 1; reboots <= 5; reboots += 1) {
        await simulation.play(5 * minute);
        host.powerOff();
        host.stepWall(step * (-1) ** reboots);
        // As long as a token lives and longer: nobody can tell from a clock that begins anew.
        await simulation.play(reboots % 2 === 0 ? 2 * hour : minute);
        host.powerOn();
        const next = await simulation.start('service', { ...setup, host });
        const answers = steadyCallers(simulation, next, 'crm', second);
        await simulation.play(20 * minute);
        const tokens = tokensOf(answers);
        expect(tokens).toHaveLength(1);
        expect(tokens).not.toContain(last);
        expect(log.entries.map(({ operation }) => operation)).toEqual([
          'obtain',
          ...Array.from({ length: reboots }, () => 'refresh'),
        ]);
        last = tokens[0] ?? '';
      }
    },
  );

  test.each(steps)(
    'F11 %s, the store elsewhere: its clock says how old the token is',
    async (_, step) => {
      const simulation = watchedSimulation();
      const { server, ...setup } = authRefreshAccounts(simulation);
      const host = simulation.host('host');
      const first = await simulation.start('service', { ...setup, host });
      const token = await simulation.playUntil(first.getToken('crm'));

      host.powerOff();
      host.stepWall(step);
      await simulation.play(10 * minute);
      host.powerOn();
      const next = await simulation.start('service', { ...setup, host, background: false });
      const again = await simulation.playUntil(next.getToken('crm'));
      expect(again.reveal()).toBe(token.reveal());
      expect(server.authority.log.length).toBe(1);

      next.kill();
      host.stepWall(-step);
      await simulation.play(hour);
      const last = await simulation.start('service', { ...setup, host, background: false });
      const fresh = await simulation.playUntil(last.getToken('crm'));
      expect(server.authority.truth.accepts(fresh.reveal())).toBe(true);
      expect(server.authority.log.length).toBe(2);
    },
  );
});

describe('the host sleeps for two hours, and the token lives for one', () => {
  test.each([
    ['callers ask four times a second', 250],
    ['nobody asks', undefined],
  ] as const)('F12 %s: a renewal begins within a second of waking, once', async (_, everyMs) => {
    for (let seed = 1; seed <= 12; seed += 1) {
      const simulation = watchedSimulation({ seed });
      const { server, ...setup } = authRefreshAccounts(simulation);
      const { log, truth } = server.authority;
      const service = await simulation.start('service', setup);
      const { host } = service.process;
      await simulation.playUntil(service.getToken('crm'));
      await simulation.play(minute);

      host.suspend();
      await simulation.play(2 * hour);
      const begun: number[] = [];
      simulation.watch({
        told(_process, event) {
          if (event === 'renewal:started') begun.push(simulation.now - host.wokeAt);
        },
      });
      host.resume();
      const answers =
        everyMs === undefined ? [] : steadyCallers(simulation, service, 'crm', everyMs);
      await simulation.play(10 * second);

      expect(begun).toHaveLength(1);
      expect(begun[0]).toBeLessThanOrEqual(second + wayToTheStoreMs);
      expect(log.entries.map(({ operation }) => operation)).toEqual(['obtain', 'refresh']);
      const late = answers.filter(({ at }) => at > host.wokeAt + second);
      const fresh = truth.current('crm')?.accessToken;
      expect(late.filter(({ token }) => token !== fresh)).toEqual([]);
    }
  });
});

describe('the event loop is blocked for 30 s', () => {
  const blockMs = 30 * second;

  async function running(seed: number, background: boolean) {
    const simulation = watchedSimulation({ seed });
    const { server, ...setup } = authRefreshAccounts(simulation);
    const service = await simulation.start('service', { ...setup, background });
    await simulation.playUntil(service.getToken('crm'));
    return { simulation, service, server };
  }

  async function expectOneRefresh(
    { simulation, service, server }: Awaited<ReturnType<typeof running>>,
    answers: readonly Answer[],
  ) {
    const blockedAt = simulation.now;
    await simulation.playUntil(service.pause(blockMs));
    await simulation.play(minute);
    const { log, truth } = server.authority;
    expect(log.entries.map(({ operation }) => operation)).toEqual(['obtain', 'refresh']);
    expect(answers.at(-1)?.token).toBe(truth.current('crm')?.accessToken);
    // Who stands still counts no time. Who asked before was ready to wait for 15 s, and is told.
    const wentOnAt = blockedAt + blockMs;
    for (const { askedAt, at, error } of answers) {
      expect(at - Math.max(askedAt, wentOnAt)).toBeLessThan(2 * second);
      if (error !== undefined) expect(error.code).toBe('WAIT_TIMED_OUT');
      if (askedAt >= wentOnAt) expect(error).toBeUndefined();
    }
  }

  test('F13 across the moment a renewal is due: one refresh once it goes on', async () => {
    for (let seed = 1; seed <= 6; seed += 1) {
      const world = await running(seed, true);
      const { simulation, service } = world;
      const { store } = simulation;
      const dueInMs = Number(store.account('crm-api/crm')?.due) - store.now().ms;
      await simulation.play(dueInMs - 10 * second);
      await expectOneRefresh(world, steadyCallers(simulation, service, 'crm', second));
    }
  });

  test('F13 from the first byte of a renewal on: its reply is read late, and kept', async () => {
    for (let seed = 1; seed <= 6; seed += 1) {
      const world = await running(seed, true);
      const { simulation, service } = world;
      let sent = false;
      simulation.watch({
        sent() {
          sent = true;
        },
      });
      await simulation.kernel.playUntil(hour, () => sent);
      await expectOneRefresh(world, steadyCallers(simulation, service, 'crm', second));
    }
  });

  test('F13 across the end of the token: one refresh once it goes on', async () => {
    for (let seed = 1; seed <= 6; seed += 1) {
      const world = await running(seed, false);
      const { simulation, service } = world;
      await simulation.play(hour - 15 * second - simulation.now);
      await expectOneRefresh(world, steadyCallers(simulation, service, 'crm', second));
    }
  });
});

/** The distinct tokens that were handed out, in order. */
function tokensOf(answers: readonly Answer[]): (string | undefined)[] {
  return [...new Set(answers.map(({ token }) => token))];
}
