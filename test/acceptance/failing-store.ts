import type { TokenStore } from '@tokenkeep/core';

/** A store that can be cut off: while it is down, each call fails as a driver's would. */
export class StoreSwitch {
  down = false;
  /** When it was called in vain, by the clock given. */
  readonly vainCalls: number[] = [];
  readonly store: TokenStore;

  constructor(store: TokenStore, now: () => number) {
    this.store = new Proxy(store, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return async (...given: unknown[]) => {
          if (this.down && name !== 'close') {
            this.vainCalls.push(now());
            throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
          }
          return Reflect.apply(member, target, given);
        };
      },
    });
  }
}
