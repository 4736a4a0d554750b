import { describe, expect, test } from '@jest/globals';
import { crashPoints, type TokenProvider } from '@tokenkeep/core';
import { authRefresh } from '@tokenkeep/provider-auth-refresh';
import { AuthRefreshAuthority } from '@tokenkeep/testing';
import { SimProcess, Simulation } from '@tokenkeep/testing/simulation';

function scene(clocks = {}) {
  const simulation = new Simulation();
  const host = simulation.host('host', clocks);
  return { simulation, host, process: new SimProcess(host, 'service#1') };
}

/** Notes when a sleep of a process ended, on true time. */
function sleepOf({ simulation, process }: ReturnType<typeof scene>, ms: number) {
  const ended: number[] = [];
  void process.clock.sleep(ms).then(() => ended.push(simulation.now));
  return ended;
}

describe('a clock', () => {
  test('sleeps as long as it is told, and not at all once it is told to stop', async () => {
    const at = scene();
    const ended = sleepOf(at, 1_000);
    const stop = new AbortController();
    const stopped = at.process.clock.sleep(60_000, stop.signal);
    expect(at.process.clock.pending).toBe(2);
    void at.simulation.sleep(500).then(() => stop.abort(new Error('enough')));
    await expect(at.simulation.playUntil(stopped)).rejects.toThrow('enough');
    expect(at.simulation.now).toBe(500);
    await at.simulation.play(1_000);
    expect(ended).toEqual([1_000]);
    expect(at.process.clock.pending).toBe(0);
  });

  test('whose crystal is fast gains on true time, with every hand, and rings early', async () => {
    const at = scene({ rate: 1.001 });
    const { clock } = at.process;
    const [wall, monotonic, boot] = [clock.now(), clock.monotonic(), clock.boot()];
    const ended = sleepOf(at, 1_001_000);
    await at.simulation.play(1_000_000);
    expect(clock.now() - wall).toBe(1_001_000);
    expect(clock.monotonic() - monotonic).toBeCloseTo(1_001_000, 3);
    expect(clock.boot() - boot).toBeCloseTo(1_001_000, 3);
    await at.simulation.play(1);
    expect(ended[0]).toBeCloseTo(1_000_000, 3);
  });

  test('that is stepped moves its wall hand alone: no sleep ends sooner or later', async () => {
    const at = scene();
    const { clock } = at.process;
    const [wall, monotonic, boot] = [clock.now(), clock.monotonic(), clock.boot()];
    const ended = sleepOf(at, 10_000);
    at.host.stepWall(-86_400_000);
    await at.simulation.play(10_000);
    expect(clock.now() - wall).toBe(10_000 - 86_400_000);
    expect([clock.monotonic() - monotonic, clock.boot() - boot]).toEqual([10_000, 10_000]);
    expect(ended).toEqual([10_000]);
  });

  test('of a machine asleep: monotonic time stands still, boot and wall time go on', async () => {
    const at = scene();
    const { clock } = at.process;
    const [wall, monotonic, boot] = [clock.now(), clock.monotonic(), clock.boot()];
    const ended = sleepOf(at, 10_000);
    const heard: [number, number][] = [];
    clock.onResume((ms) => heard.push([at.simulation.now, ms]));
    await at.simulation.play(4_000);
    at.host.suspend();
    await at.simulation.play(3_600_000);
    expect(clock.monotonic() - monotonic).toBe(4_000);
    at.host.resume();
    const wokeAt = at.simulation.now;
    await at.simulation.play(20_000);
    // The rest of the sleep was still to come.
    expect(ended).toEqual([wokeAt + 6_000]);
    expect(clock.monotonic() - monotonic).toBe(24_000);
    expect([clock.now() - wall, clock.boot() - boot]).toEqual([3_624_000, 3_624_000]);
    expect(heard).toEqual([[expect.any(Number), 3_600_000]]);
    expect(Number(heard[0]?.[0]) - wokeAt).toBeLessThanOrEqual(1_000);
  });

  test('after a boot begins anew, and only the wall knows how long it was off', async () => {
    const { simulation, host } = scene();
    await simulation.play(50_000);
    host.powerOff();
    await simulation.play(1_000_000);
    host.powerOn();
    const { clock } = new SimProcess(host, 'service#2');
    await simulation.play(1_000);
    const fresh = scene().process.clock;
    expect(clock.boot() - fresh.boot()).toBe(1_000);
    expect(clock.monotonic() - fresh.monotonic()).toBe(1_000);
    expect(clock.now() - fresh.now()).toBe(1_051_000);
    expect(host.uptime()).toBe(51_000);
    expect(host.boots).toBe(2);
  });
});

describe('a process', () => {
  test('that was killed hears nothing: no timer, no answer, no call', async () => {
    const at = scene();
    const { simulation, process } = at;
    const ended = sleepOf(at, 1_000);
    let answered = false;
    process.answerAfter(1_000, () => {
      answered = true;
    });
    const reading = simulation.store.clientOf(process).read('account', 'a');
    let read = false;
    reading.then(() => {
      read = true;
    });
    process.kill();
    await simulation.play(60_000);
    expect([ended, answered, read]).toEqual([[], false, false]);
    expect(at.host.processes.size).toBe(0);
  });

  test('that is held hears of everything once it goes on', async () => {
    const { simulation, process } = scene();
    const heard: [string, number][] = [];
    const note = (what: string) => () => heard.push([what, simulation.now]);
    for (const ms of [1_000, 2_000, 9_000]) process.answerAfter(ms, note(`at ${ms}`));
    process.hold();
    await simulation.play(5_000);
    expect(heard).toEqual([]);
    process.release();
    await simulation.play(10_000);
    expect(heard.map(([what]) => what).sort()).toEqual(['at 1000', 'at 2000', 'at 9000']);
    expect(heard.map(([, when]) => when)).toEqual([5_000, 5_000, 9_000]);
  });

  test('that is held twice goes on when both have let go', async () => {
    const { simulation, process, host } = scene();
    let ran = false;
    process.hold();
    host.suspend();
    process.deliver(() => {
      ran = true;
    });
    host.resume();
    await simulation.play(1_000);
    expect(ran).toBe(false);
    process.release();
    await simulation.play(1);
    expect(ran).toBe(true);
    expect(process.timesHeld).toBe(2);
  });

  test('that is killed while it is held never goes on', async () => {
    const { simulation, process } = scene();
    let ran = false;
    process.hold();
    process.deliver(() => {
      ran = true;
    });
    process.kill();
    process.release();
    await simulation.play(1_000);
    expect(ran).toBe(false);
  });

  test('is known to be gone on its own host and boot alone', () => {
    const { simulation, host, process } = scene();
    const sibling = new SimProcess(host, 'service#2');
    const stranger = new SimProcess(simulation.host('another'), 'service#3');
    const { id } = process.holder;
    expect(sibling.holder.isGone(id)).toBe(false);
    process.kill();
    expect(sibling.holder.isGone(id)).toBe(true);
    expect(stranger.holder.isGone(id)).toBe(false);
    host.powerOff();
    host.powerOn();
    // As the real one: a machine's name is no proof for a claim, and is enough for its own folder.
    const later = new SimProcess(host, 'service#4').holder;
    expect(later.isGone(id)).toBe(false);
    expect(later.isOfEarlierBoot?.(id)).toBe(true);
    expect(stranger.holder.isOfEarlierBoot?.(id)).toBe(false);
  });
});

describe('a service', () => {
  const origin = 'https://crm.test';
  const person = { username: 'ada', password: 'correct horse battery' };
  const options = {
    providers: [authRefresh({ id: 'crm-api', baseUrl: origin }) as TokenProvider],
    accounts: [{ provider: 'crm-api', account: 'crm', credentials: person }],
    background: false,
  };

  function world() {
    const simulation = new Simulation();
    const server = simulation.serve(
      origin,
      (time) => new AuthRefreshAuthority({ time, accounts: [{ accountId: 'crm', ...person }] }),
    );
    return { simulation, server };
  }

  test.each(crashPoints)(
    'dies where its crash point says so, once, and callers in it hear nothing: %s',
    async (point) => {
      const { simulation } = world();
      const died: string[] = [];
      simulation.watch({ diedAt: (at) => void died.push(at) });
      let armed = false;
      const service = await simulation.start('service', {
        ...options,
        onCrashPoint: (at) => (armed && at === point ? 'dies' : undefined),
      });
      await simulation.playUntil(service.getToken('crm'));
      await simulation.play(3_600_000);
      armed = true;
      let heard = false;
      const note = () => {
        heard = true;
      };
      service.getToken('crm').then(note, note);
      await simulation.play(60_000);
      expect(service.isAlive).toBe(false);
      expect(died).toEqual([point]);
      expect(heard).toBe(false);
    },
  );

  test('that is paused neither sends nor answers until it goes on', async () => {
    const { simulation, server } = world();
    const service = await simulation.start('service', options);
    const asked = service.getToken('crm');
    void service.pause(10_000);
    await simulation.play(9_000);
    expect(server.authority.log.length).toBe(0);
    await simulation.playUntil(asked);
    expect(simulation.now).toBeGreaterThan(10_000);
    expect(server.authority.log.length).toBe(1);
  });

  test('whose machine loses power is started again as another life, on the same disk', async () => {
    const { simulation } = world();
    const host = simulation.host('host');
    const first = await simulation.start('service', { ...options, host });
    host.powerOff();
    expect(first.isAlive).toBe(false);
    host.powerOn();
    const second = await simulation.start('service', { ...options, host });
    expect(second.process.id).not.toBe(first.process.id);
    expect(second.process.host.disk).toBe(first.process.host.disk);
  });
});
