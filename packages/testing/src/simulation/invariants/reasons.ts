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
  readonly #byHand = new Map<string, number>();

  constructor(
    private readonly simulation: Simulation,
    private readonly accounts: AccountsAtServers,
  ) {}

  told({ id }: SimProcess, event: string, { account, operation, trigger }: EventFacts): void {
    if (event !== 'renewal:started') return;
    if (trigger !== 'login' && trigger !== 'renew' && trigger !== 'rotation') return;
    this.#byHand.set(`${id} ${account} ${operation}`, this.simulation.now);
  }

  isByHand(send: Send): boolean {
    const { process, operation } = send;
    const at = this.#byHand.get(`${process.id} ${this.accounts.idOf(send)} ${operation}`);
    return at !== undefined && this.simulation.now - at < goesOnForMs;
  }
}
