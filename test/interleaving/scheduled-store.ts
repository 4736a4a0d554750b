import { TokenError, type TokenStore } from '@tokenkeep/core';
import type { Step } from './step.js';

/** A way to the same rows, each of whose calls is made when a scheduler says so, until closed. */
export function scheduledStore(step: Step, store: TokenStore): TokenStore {
  let closed = false;
  return new Proxy(store, {
    get(target, name) {
      // Said to be durable, or each run would warn that it is not.
      if (name === 'traits') return { ...target.traits, durable: true };
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return async (...given: unknown[]) => {
        await step(String(name));
        if (closed) throw new TokenError('STORE_UNAVAILABLE', 'It was closed.');
        if (name === 'close') closed = true;
        else return Reflect.apply(member, target, given);
      };
    },
  });
}
