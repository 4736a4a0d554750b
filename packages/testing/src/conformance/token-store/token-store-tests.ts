import type { TokenStore } from '@tokenkeep/core';
import type { HandClock } from './hand-clock.js';

/** Makes one more client of a place, not yet open. */
export type NewClient = () => TokenStore;

export interface TokenStoreTests {
  /** `test` of the runner: of Jest, Vitest or `node:test`. */
  readonly test: (name: string, rule: () => Promise<void>, limitMs?: number) => void;
  /**
   * A new, empty place: a file, a schema, a prefix of keys. The clients it makes are opened and
   * closed by the rules. `clock` is for stores whose time can be given to them.
   */
  readonly factory: (clock: HandClock) => Promise<NewClient>;
  /** Whether the store's time is that of `clock`, or its own. Default `own`. */
  readonly time?: 'by hand' | 'own';
  /** How many stories two clients play. Default 200. */
  readonly stories?: number;
  /** For one test with all its stories. Default 300,000 ms. */
  readonly limitMs?: number;
}
