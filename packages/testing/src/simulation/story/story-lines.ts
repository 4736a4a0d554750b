import { type EventName, eventNames } from '@tokenkeep/core';
import type { SimProcess } from '../host/sim-process.js';
import type { TraceLine } from '../kernel/trace.js';
import type { Simulation } from '../simulation.js';
import type { EventFacts } from '../watcher.js';
import { shownTime } from './wall-time.js';

/** What nobody wants to read: the store's side of everything, and calls that went well. */
const chatter = new Set<string>([
  ...['write', 'api sent', 'api served', 'api answered 200'],
  // Told again, with more to it, as events.
  ...eventNames,
]);
/** What an event says besides whom it is about. */
const details = ['operation', 'code', 'reason', 'kind', 'state', 'cause', 'warning'];
const keptLines = 10_000;

/** What happened, for people: the trace without the coming and going at the store. */
export class StoryLines {
  readonly #lines: string[] = [];
  /** The generation each process handed out last: it is told once. */
  readonly #served = new Map<string, number | undefined>();
  readonly #simulation: Simulation;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
    simulation.kernel.trace.onLine = (line) => this.#hear(line);
    simulation.watch({ told: (...event) => this.#hearEvent(...event) });
  }

  /** The newest lines, oldest first. */
  last(count = keptLines): readonly string[] {
    return this.#lines.slice(-Math.min(count, keptLines));
  }

  #hear({ actor, what, account, generation }: TraceLine): void {
    if (chatter.has(what)) return;
    if (what === 'served') {
      const place = `${actor} ${account}`;
      if (this.#served.get(place) === generation) return;
      this.#served.set(place, generation);
    }
    this.#add(actor, what, account, generation);
  }

  #hearEvent({ id }: SimProcess, event: EventName, facts: EventFacts): void {
    const more = details.map((name) => facts[name]).filter((fact) => typeof fact === 'string');
    this.#add(id, event, facts.account, facts.generation, ...more);
  }

  #add(actor: string, what: string, account?: string, generation?: number, ...more: string[]) {
    if (this.#lines.length >= 2 * keptLines) this.#lines.splice(0, keptLines);
    const number = generation === undefined ? undefined : `#${generation}`;
    const words = [shownTime(this.#simulation.time.now()), actor, what, account, number, ...more];
    this.#lines.push(words.filter((word) => word !== undefined).join('  '));
  }
}
