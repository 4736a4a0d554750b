import type { TestClock } from './test-clock.js';

/** Anything that sends a request and promises the reply. */
export interface Exchange {
  send(...request: never[]): Promise<unknown>;
}

/**
 * The same exchange, with every call of `send` tracked by the clock: virtual time stands still
 * while a request is on its way, and moves on while the server holds it back.
 *
 * The promise of `send` must cover reading the body, or the rest of it is not waited for.
 */
export function trackedExchange<E extends Exchange>(clock: TestClock, exchange: E): E {
  return new Proxy(exchange, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      const call = (...request: unknown[]): unknown => Reflect.apply(member, target, request);
      if (name !== 'send') return call;
      return (...request: unknown[]) => clock.track(async () => call(...request));
    },
  });
}
