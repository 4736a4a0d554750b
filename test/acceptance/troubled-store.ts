import type { Clock, TokenStore } from '@tokenkeep/core';

type Method = keyof TokenStore & string;

/** A store between the engine and the real one, for what a network and a disk do to calls. */
export class TroubledStore {
  /** Each call but `close` takes so long before it reaches the store. Milliseconds. */
  delayMs = 0;
  /** Calls never answer. */
  hangs = false;
  /** Which calls fail without reaching the store. */
  fails: (method: Method) => boolean = () => false;
  /** Calls since the last reset, `close` left out. */
  calls = 0;
  readonly store: TokenStore;

  constructor(store: TokenStore, clock: Pick<Clock, 'sleep'>) {
    this.store = new Proxy(store, {
      get: (target, name: Method) => {
        const member: unknown = target[name];
        if (typeof member !== 'function') return member;
        return async (...args: unknown[]) => {
          if (name === 'close') return member.apply(target, args);
          this.calls += 1;
          if (this.hangs) await new Promise(() => {});
          if (this.delayMs > 0) await clock.sleep(this.delayMs);
          if (this.fails(name)) throw Object.assign(new Error('lost'), { code: 'ECONNRESET' });
          return member.apply(target, args);
        };
      },
    });
  }
}
