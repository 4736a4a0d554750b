import { setImmediate } from 'node:timers';
import { type Sleep, SleepQueue } from '../../clock/sleep-queue.js';
import { Dice } from './dice.js';
import { Trace } from './trace.js';

/**
 * Virtual time and the order of events. One heap; at each event time jumps there, its callback
 * runs, and everything it set in motion runs to its next wait. Interleavings come from seeded
 * latencies and from seeded order among equals.
 */
export class Kernel {
  /** True time, ms since the simulation began. */
  now = 0;
  /** Events so far. */
  events = 0;
  /** More than this is a run that goes in circles. */
  mostEvents = Number.POSITIVE_INFINITY;
  readonly trace = new Trace();
  /** Latencies and the order of equals. */
  readonly dice: Dice;
  readonly #seed: number | string;
  readonly #queue: SleepQueue;
  #resumed = false;

  constructor(seed: number | string) {
    this.#seed = seed;
    this.dice = new Dice(`${seed}/latency`);
    const order = new Dice(`${seed}/order`);
    this.#queue = new SleepQueue(() => order.float());
  }

  /** Randomness for one purpose, repeatable and independent of all others. */
  diceFor(purpose: string): Dice {
    return new Dice(`${this.#seed}/${purpose}`);
  }

  /** Runs `event` in `ms` of true time. */
  after(ms: number, event: () => void): Sleep {
    return this.#queue.add(this.now + Math.max(0, ms), event);
  }

  cancel(event: Sleep): void {
    this.#queue.cancel(event);
  }

  /** Says that an event has let code under test go on: its promises are run before the next one. */
  resumed(): void {
    this.#resumed = true;
  }

  /** Notes something that happened now. */
  note(actor: string, what: string, account?: string, generation?: number): void {
    this.trace.note({ at: this.now, actor, what, account, generation });
  }

  /** The same, of what happens so often that it would hide the rest. */
  noteRoutine(actor: string, what: string): void {
    this.trace.note({ at: this.now, actor, what }, true);
  }

  /** Plays events until `at`, or until `isDone` after one of them; then it is that late. */
  async playUntil(at: number, isDone: () => boolean = () => false): Promise<void> {
    await settled();
    while (!isDone()) {
      const event = this.#queue.takeDue(at);
      if (event === undefined) {
        this.now = Math.max(this.now, at);
        return;
      }
      this.now = Math.max(this.now, event.deadline);
      this.events += 1;
      if (this.events > this.mostEvents) {
        throw new Error(`More than ${this.mostEvents} events: something goes in circles.`);
      }
      this.#resumed = false;
      event.wake();
      if (this.#resumed) await settled();
    }
  }
}

/** Every promise that can go on has gone on: what is left waits for an event of the kernel. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
