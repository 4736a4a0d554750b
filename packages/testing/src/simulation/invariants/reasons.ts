import type { SimProcess } from '../host/sim-process.js';
import type { Send } from '../network/send.js';
import type { Simulation } from '../simulation.js';
import type { EventFacts } from '../watcher.js';
import type { AccountsAtServers } from './accounts-at-servers.js';

/** Longer than anything that is begun by hand goes on. */
const goesOnForMs = 180_000;

/**
 * Which requests a person asked for, in the engine's words: those are outside of what an engine
 * plans by itself. For nothing else is it believed.
 */
export class Reasons {
  #byHand: { readonly process: string; account: unknown; operation: unknown; at: number }[] = [];

  constructor(
    private readonly simulation: Simulation,
    private readonly accounts: AccountsAtServers,
  ) {}

  told({ id }: SimProcess, event: string, { account, operation, trigger }: EventFacts): void {
    if (event !== 'renewal:started') return;
    if (trigger !== 'login' && trigger !== 'renew' && trigger !== 'rotation') return;
    const { now } = this.simulation;
    const recent = this.#byHand.filter(({ at }) => now - at < goesOnForMs);
    this.#byHand = [...recent, { process: id, account, operation, at: now }];
  }

  isByHand(send: Send): boolean {
    // Before its first token nobody can say which account it is about: then it may be any.
    const id = this.accounts.idOf(send);
    return this.#byHand.some(
      ({ process, account, operation, at }) =>
        process === send.process.id &&
        operation === send.operation &&
        (id === undefined || id === account) &&
        this.simulation.now - at < goesOnForMs,
    );
  }
}
