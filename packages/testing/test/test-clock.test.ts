import { afterEach, describe, expect, test } from '@jest/globals';
import {
  AuthRefreshAuthority,
  fault,
  RecordingServer,
  TestClock,
  trackedExchange,
} from '@tokenkeep/testing';

const servers: RecordingServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

async function recordingServer(clock: TestClock): Promise<RecordingServer> {
  const server = await new RecordingServer({ clock }).start();
  servers.push(server);
  return server;
}

describe('TestClock', () => {
  test('stands still until it is advanced', async () => {
    const clock = new TestClock({ startAt: 1_000 });
    let woke = false;
    clock.sleep(10).then(() => {
      woke = true;
    });
    await clock.settle();
    expect(woke).toBe(false);
    expect(clock.now()).toBe(1_000);
    await clock.advance(10);
    expect(woke).toBe(true);
    expect(clock.now()).toBe(1_010);
  });

  test('ends sleeps in order of deadline, and of arrival where deadlines are equal', async () => {
    const clock = new TestClock();
    const order: string[] = [];
    for (const [name, ms] of [
      ['c', 30],
      ['a', 10],
      ['b', 20],
      ['b2', 20],
    ] as const) {
      clock.sleep(ms).then(() => order.push(`${name}@${clock.monotonic()}`));
    }
    const start = clock.monotonic();
    await clock.advance(100);
    expect(order).toEqual(
      [10, 20, 20, 30].map((ms, index) => {
        return `${['a', 'b', 'b2', 'c'][index]}@${start + ms}`;
      }),
    );
    expect(clock.monotonic()).toBe(start + 100);
  });

  test('ends sleeps begun by what an earlier sleep set in motion', async () => {
    const clock = new TestClock();
    const instants: number[] = [];
    const start = clock.monotonic();
    const loop = async () => {
      for (let round = 0; round < 5; round += 1) {
        await clock.sleep(7);
        await new Promise(setImmediate);
        instants.push(clock.monotonic() - start);
      }
    };
    const done = loop();
    await clock.advance(35);
    await done;
    expect(instants).toEqual([7, 14, 21, 28, 35]);
  });

  test('an aborted sleep rejects with the reason and is forgotten', async () => {
    const clock = new TestClock();
    const controller = new AbortController();
    const slept = clock.sleep(10, controller.signal);
    controller.abort(new Error('enough'));
    await expect(slept).rejects.toThrow('enough');
    await expect(clock.sleep(10, controller.signal)).rejects.toThrow('enough');
    expect(clock.pendingSleeps()).toEqual([]);
  });

  test('keeps order when most sleeps are aborted', async () => {
    const clock = new TestClock();
    const woken: number[] = [];
    const controllers = Array.from({ length: 1000 }, (_, index) => {
      const controller = new AbortController();
      const ms = (index * 7919) % 1000;
      clock.sleep(ms, controller.signal).then(
        () => woken.push(ms),
        () => undefined,
      );
      return controller;
    });
    for (const [index, controller] of controllers.entries()) {
      if (index % 10 !== 0) controller.abort();
    }
    await clock.advance(1000);
    expect(woken).toHaveLength(100);
    expect(woken).toEqual([...woken].sort((a, b) => a - b));
  });

  test('a wall step moves only the wall clock', () => {
    const clock = new TestClock({ startAt: 0 });
    const before = [clock.monotonic(), clock.boot(), clock.trueNow()];
    clock.stepWall(-5_000);
    expect(clock.now()).toBe(-5_000);
    expect([clock.monotonic(), clock.boot(), clock.trueNow()]).toEqual(before);
  });

  test('suspension moves boot and wall time, not monotonic time, and is told to listeners', async () => {
    const clock = new TestClock({ startAt: 0 });
    const told: number[] = [];
    const listening = clock.onResume((ms) => told.push(ms));
    const [monotonic, boot] = [clock.monotonic(), clock.boot()];
    clock.sleep(10).catch(() => undefined);
    await clock.suspend(7_200_000);
    expect(clock.monotonic()).toBe(monotonic);
    expect(clock.boot()).toBe(boot + 7_200_000);
    expect(clock.now()).toBe(7_200_000);
    expect(clock.pendingSleeps()).toEqual([10]);
    await clock.suspend(5, { noticedAfterMs: 900 });
    expect(told).toEqual([7_200_000]);
    await clock.advance(900);
    expect(told).toEqual([7_200_000, 5]);
    listening[Symbol.dispose]();
    await clock.suspend(1);
    expect(told).toHaveLength(2);
  });

  test('runUntil advances to the next sleeper until the promise settles', async () => {
    const clock = new TestClock({ startAt: 0 });
    const work = async () => {
      await clock.sleep(3_600_000);
      await clock.sleep(1);
      return 'done';
    };
    await expect(clock.runUntil(work())).resolves.toBe('done');
    expect(clock.now()).toBe(3_600_001);
    await expect(clock.runUntil(Promise.reject(new Error('no')))).rejects.toThrow('no');
  });

  test('runUntil refuses to wait for what cannot come', async () => {
    const clock = new TestClock();
    const never = new Promise(() => undefined);
    await expect(clock.runUntil(never)).rejects.toThrow('nothing sleeps');
    clock.sleep(1_000).catch(() => undefined);
    await expect(clock.runUntil(never, { limitMs: 999 })).rejects.toThrow('after 999 virtual ms');
  });

  test('runUntil by steps moves time although nothing sleeps', async () => {
    const clock = new TestClock({ startAt: 0 });
    const passed = (async () => {
      while (clock.now() < 50) await new Promise(setImmediate);
      return clock.now();
    })();
    await expect(clock.runUntil(passed, { stepMs: 10 })).resolves.toBe(50);
  });

  test('refuses two moves at once', async () => {
    const clock = new TestClock();
    const first = clock.advance(1);
    await expect(clock.advance(1)).rejects.toThrow('already being moved');
    await first;
  });

  test('a loop of empty sleeps is reported, not run for ever', async () => {
    const clock = new TestClock({ settleTurns: 1 });
    let stop = false;
    const spin = (async () => {
      while (!stop) await clock.sleep(0);
    })();
    await expect(clock.advance(1)).rejects.toThrow('a loop of empty sleeps');
    stop = true;
    await clock.advance(1);
    await spin;
  });

  test('24 virtual hours with 20,000 sleeps take seconds', async () => {
    const clock = new TestClock();
    let woken = 0;
    const sleeper = async (ms: number) => {
      for (let round = 0; round < 100; round += 1) {
        await clock.sleep(ms);
        woken += 1;
      }
    };
    const all = Promise.all(Array.from({ length: 200 }, (_, index) => sleeper(860_000 - index)));
    await clock.advance(86_400_000);
    await all;
    expect(woken).toBe(20_000);
  });

  test('a sleep nobody advances is warned of once', async () => {
    const clock = new TestClock();
    const warnings: string[] = [];
    const watch = clock.warnOfForgottenSleeps({ afterMs: 10, warn: (text) => warnings.push(text) });
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(warnings).toEqual([]);
    clock.sleep(5_000).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 80));
    watch[Symbol.dispose]();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('5000 virtual ms');
  });
});

describe('TestClock and real HTTP', () => {
  test('virtual time stands still while a tracked request is on its way', async () => {
    const clock = new TestClock();
    const server = await recordingServer(clock);
    const start = clock.monotonic();
    const instants: number[] = [];
    const loop = async () => {
      for (let round = 0; round < 20; round += 1) {
        await clock.sleep(1_000);
        await clock.track(async () => (await fetch(`${server.url}/x`)).json());
        instants.push(clock.monotonic() - start);
      }
    };
    const done = loop();
    await clock.advance(20_000);
    await done;
    expect(instants).toEqual(Array.from({ length: 20 }, (_, index) => (index + 1) * 1_000));
    expect(server.log.entries.map((entry) => entry.at - server.log.entries[0]!.at)).toEqual(
      Array.from({ length: 20 }, (_, index) => index * 1_000),
    );
    expect(clock.safetyNetHits).toBe(0);
  });

  test('a server that never answers does not stop virtual time', async () => {
    const clock = new TestClock();
    const server = await recordingServer(clock);
    server.faults.next('api', fault.hang());
    const timeout = new AbortController();
    const request = clock.track(() => fetch(server.url, { signal: timeout.signal }));
    clock.sleep(10_000).then(() => timeout.abort(new Error('timed out')));
    await expect(clock.runUntil(request)).rejects.toThrow('timed out');
    // The client has left: the next exchange must be waited for in full.
    const next = clock.track(async () => (await fetch(server.url)).json());
    await clock.settle();
    await expect(next).resolves.toEqual({ ok: true });
    expect(clock.safetyNetHits).toBe(0);
  });

  test('settling waits a moment for a server to notice that its client has left', async () => {
    const clock = new TestClock();
    const held = clock.parked();
    let noticed = false;
    setTimeout(() => {
      noticed = true;
      held[Symbol.dispose]();
    }, 10);
    await clock.settle();
    expect(noticed).toBe(true);
  });

  test('a held request of an untracked client does not stand for a tracked one', async () => {
    const clock = new TestClock();
    const server = await recordingServer(clock);
    server.faults.next('api', fault.hang());
    const stray = fetch(server.url).catch(() => undefined);
    await server.nextRequest('api');
    await clock.settle();
    let ended = false;
    const slowWork = async () => {
      await new Promise((resolve) => setTimeout(resolve, 30));
      ended = true;
    };
    clock.sleep(100).then(() => clock.track(slowWork));
    await clock.advance(100);
    expect(ended).toBe(true);
    await server.stop();
    await stray;
  });

  test('a delayed reply arrives when virtual time has come', async () => {
    const clock = new TestClock({ startAt: 0 });
    const server = await recordingServer(clock);
    server.faults.next('api', fault.delay(5_000));
    const reply = clock.track(async () => (await fetch(server.url)).json());
    await clock.advance(4_999);
    expect(server.log.length).toBe(1);
    expect(clock.pendingSleeps()).toEqual([1]);
    await expect(clock.runUntil(reply)).resolves.toEqual({ ok: true });
    expect(clock.now()).toBe(5_000);
  });

  test('tracked work that waits for ever costs the safety net, and is counted', async () => {
    const clock = new TestClock({ safetyNetMs: 30 });
    clock.track(new Promise(() => undefined));
    await clock.settle();
    expect(clock.safetyNetHits).toBe(1);
  });

  test('a tracked exchange registers every send', async () => {
    const clock = new TestClock();
    const server = await recordingServer(clock);
    class PlainExchange {
      readonly #url = server.url;
      async send(path: string): Promise<number> {
        const reply = await fetch(this.#url + path);
        await reply.arrayBuffer();
        return reply.status;
      }
      origin(): string {
        return new URL(this.#url).origin;
      }
    }
    const exchange = trackedExchange(clock, new PlainExchange());
    expect(exchange.origin()).toBe(server.url);
    const statuses: number[] = [];
    clock.sleep(5).then(async () => statuses.push(await exchange.send('/a')));
    await clock.advance(5);
    expect(statuses).toEqual([200]);
  });

  test('steps of the client wall clock do not touch the server', async () => {
    const clock = new TestClock({ startAt: Date.UTC(2025, 5, 1) });
    const account = { accountId: 'a', username: 'u', password: 'p' };
    const server = await new AuthRefreshAuthority({ clock, accounts: [account] }).start();
    clock.stepWall(-10 * 365 * 86_400_000);
    const reply = await fetch(`${server.url}/auth/login`, {
      method: 'POST',
      body: JSON.stringify({ username: 'u', password: 'p' }),
    });
    const body = (await reply.json()) as Record<string, unknown>;
    await server.stop();
    expect(reply.headers.get('date')).toBe('Sun, 01 Jun 2025 00:00:00 GMT');
    expect(body.tokenExpiration).toBe('2025-06-01T01:00:00+00:00');
  });
});
