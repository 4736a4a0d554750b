import type { SimProcess } from '../host/sim-process.js';

/** Something that the story waits for, and that only the simulated world can bring. */
export interface Wait {
  /** As a person would say it: `pass({"minutes":20})`, `service#1 getToken crm`. */
  readonly what: string;
  /** True ms since the beginning. */
  readonly since: number;
  /** The process it happens in; without one it is the story's own. */
  readonly process?: SimProcess;
  /** Ends at a time of its own, however far away, or should be answered soon. */
  readonly ends: 'in time' | 'when answered';
}

/** What the story waits for now. While that is nothing, time stands still. */
export class Waits {
  readonly #open = new Set<Wait>();

  begin(wait: Wait): void {
    this.#open.add(wait);
  }

  end(wait: Wait): void {
    this.#open.delete(wait);
  }

  get all(): readonly Wait[] {
    return [...this.#open];
  }

  /** Whether time can bring anything: a dead process answers nobody. */
  get canEnd(): boolean {
    for (const { process } of this.#open) if (process?.isAlive !== false) return true;
    return false;
  }

  /** The oldest that nobody has answered since, if nothing waits for a time of its own. */
  unanswered(since: number): Wait | undefined {
    let oldest: Wait | undefined;
    for (const wait of this.#open) {
      if (wait.process?.isAlive === false) continue;
      if (wait.ends === 'in time') return undefined;
      oldest ??= wait;
    }
    return oldest !== undefined && oldest.since <= since ? oldest : undefined;
  }
}
