import type { TokenStore } from '@tokenkeep/core';

/** How a write is lost: before it reached the store, or only its acknowledgement. */
export type Loss = 'unwritten' | 'unacknowledged';

/** A store that can lose one write to come, as a connection that breaks in the middle does. */
export class LossyStore {
  readonly store: TokenStore;
  #writesUntilLoss = Number.POSITIVE_INFINITY;
  #loss: Loss = 'unwritten';

  constructor(inner: TokenStore) {
    const write: TokenStore['write'] = async (changes) => {
      this.#writesUntilLoss -= 1;
      if (this.#writesUntilLoss !== 0) return inner.write(changes);
      if (this.#loss === 'unacknowledged') await inner.write(changes);
      throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
    };
    this.store = new Proxy(inner, {
      get(target, name) {
        if (name === 'write') return write;
        const member: unknown = Reflect.get(target, name, target);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
  }

  /** Counted from now; the next write is number 1. */
  loseWrite(number: number, loss: Loss): void {
    this.#writesUntilLoss = number;
    this.#loss = loss;
  }
}
