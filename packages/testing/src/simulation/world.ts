import type { Kernel } from './kernel/kernel.js';
import type { SimNetwork } from './network/sim-network.js';
import type { SimStore } from './store/sim-store.js';
import type { Watcher } from './watcher.js';

/** What a watcher is told of, apart from what the network tells by itself. */
export type Telling = Exclude<keyof Watcher, 'connecting' | 'sent' | 'processed' | 'read'>;

/** The simulation as what lives in it knows it. */
export interface World {
  readonly kernel: Kernel;
  readonly network: SimNetwork;
  readonly store: SimStore;
  /** True ms since the beginning. */
  readonly now: number;
  sleep(ms: number): Promise<void>;
  note(actor: string, what: string, account?: string, generation?: number): void;
  tell<Name extends Telling>(name: Name, ...facts: Parameters<NonNullable<Watcher[Name]>>): void;
  violate(invariant: string, message: string): void;
}
