import { expect, test } from '@jest/globals';
import {
  type Clock,
  createTokenEngine,
  type HttpExchange,
  memoryStore,
  type TokenProvider,
  type TokenStore,
} from '@tokenkeep/core';
import { authRefresh } from '@tokenkeep/provider-auth-refresh';
import { seededRandom } from '@tokenkeep/testing';
import fc from 'fast-check';
import { person, testKey } from './world.js';

const HOUR = 3_600_000;
const PATIENCE = 5;

type Caller = 'stays' | 'aborts' | 'times out';

const callers = fc.array(fc.constantFrom<Caller[]>('stays', 'stays', 'aborts', 'times out'), {
  minLength: 20,
  maxLength: 20,
});

/**
 * Every order in which callers come and go, the store and the server answer, and time passes. The
 * server is a function here: real sockets do not let themselves be put in an order.
 */
test('F51 F55 in whatever order callers join, abort and time out, one request serves all who stay', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), callers, fc.boolean(), async (s, plan, cold) => {
      const clock = new HandClock();
      const server = new ScheduledServer(s);
      const made = createTokenEngine({
        store: scheduledStore(s, memoryStore(clock)),
        clock,
        exchange: server,
        random: seededRandom(1),
        keyring: [testKey],
        providers: [authRefresh({ id: 'crm-api', baseUrl: 'https://id.example' }) as TokenProvider],
        accounts: [{ provider: 'crm-api', account: 'crm', credentials: person }],
      });
      const engine = await s.waitFor(made);
      if (!cold) {
        await s.waitFor(engine.getToken('crm'));
        clock.pass(HOUR);
      }
      const before = server.requests;

      const outcomes = plan.map(async (kind, index) => {
        const leaver = new AbortController();
        await s.schedule(Promise.resolve(), `caller ${index} joins`);
        if (kind === 'aborts') {
          s.schedule(Promise.resolve(), `caller ${index} aborts`).then(() => leaver.abort());
        }
        if (kind === 'times out') {
          s.schedule(Promise.resolve(), 'time passes').then(() => clock.pass(PATIENCE));
        }
        const { signal } = leaver;
        const waitMs = kind === 'times out' ? { waitMs: PATIENCE } : {};
        return engine.getToken('crm', { signal, ...waitMs });
      });
      const settled = await s.waitFor(Promise.allSettled(outcomes));

      const token = await s.waitFor(engine.getToken('crm'));
      expect(server.requests - before).toBe(1);
      for (const [index, outcome] of settled.entries()) {
        const kind = plan[index];
        if (outcome.status === 'fulfilled') expect(outcome.value).toBe(token);
        else {
          const code = { stays: 'served', aborts: 'ABORTED', 'times out': 'WAIT_TIMED_OUT' };
          expect(outcome.reason).toMatchObject({ code: code[kind ?? 'stays'] });
        }
      }
      await s.waitFor(engine.stop());
    }),
    { numRuns: 300, endOnFailure: false },
  );
});

/** A server that rotates, whose connections and replies come when the scheduler says so. */
class ScheduledServer implements HttpExchange {
  requests = 0;

  constructor(private readonly scheduler: fc.Scheduler) {}

  readonly send: HttpExchange['send'] = async (_request, hooks) => {
    await this.scheduler.schedule(Promise.resolve(), 'connected');
    await hooks.onConnected();
    this.requests += 1;
    const number = this.requests;
    await this.scheduler.schedule(Promise.resolve(), 'reply');
    const pair = { token: `access-${number}`, refreshToken: `refresh-${number}` };
    const body = JSON.stringify({ success: true, tokenLifetime: 3_600, ...pair });
    const headers = { 'content-type': ['application/json'] };
    return { status: 200, headers, body: Buffer.from(body) };
  };
}

/** The same store, each of whose answers comes when the scheduler says so. */
function scheduledStore(scheduler: fc.Scheduler, store: TokenStore): TokenStore {
  return new Proxy(store, {
    get(target, name) {
      // Said to be durable, or each run would warn that it is not.
      if (name === 'traits') return { ...target.traits, durable: true };
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return async (...given: unknown[]) => {
        await scheduler.schedule(Promise.resolve(), String(name));
        return Reflect.apply(member, target, given);
      };
    },
  });
}

/** Time that passes by hand, at once: what it ends is left to the scheduler. */
class HandClock implements Clock {
  #passed = 0;
  readonly #sleeps = new Set<{ readonly at: number; readonly wake: () => void }>();

  now = () => Date.UTC(2026, 0, 1) + this.#passed;
  monotonic = () => this.#passed;
  boot = () => this.#passed;
  onResume = () => ({ [Symbol.dispose]: () => {} });

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const sleep = { at: this.#passed + ms, wake: resolve };
      this.#sleeps.add(sleep);
      signal?.addEventListener('abort', () => {
        this.#sleeps.delete(sleep);
        reject(signal.reason);
      });
    });
  }

  pass(ms: number): void {
    this.#passed += ms;
    for (const sleep of [...this.#sleeps]) {
      if (sleep.at > this.#passed || !this.#sleeps.delete(sleep)) continue;
      sleep.wake();
    }
  }
}
