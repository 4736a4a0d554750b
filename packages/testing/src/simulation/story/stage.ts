import type { SimProcess } from '../host/sim-process.js';
import type { Simulation } from '../simulation.js';
import { JudgedPromises } from './judged-promises.js';
import { type Wait, Waits } from './waits.js';
import { shownTime } from './wall-time.js';

/** What the parts of a story share. */
export class Stage {
  readonly waits = new Waits();
  readonly promises = new JudgedPromises();
  /** Looked at after each event; one that is met removes itself and says so. */
  readonly conditions = new Set<() => boolean>();

  constructor(readonly simulation: Simulation) {}

  /** True time, for people. */
  get shownNow(): string {
    return shownTime(this.simulation.time.now());
  }

  /** Keeps time going until it has ended. */
  async await<Value>(wait: Omit<Wait, 'since'>, work: () => Promise<Value>): Promise<Value> {
    const open = { ...wait, since: this.simulation.now };
    this.waits.begin(open);
    try {
      return await work();
    } finally {
      this.waits.end(open);
    }
  }

  /**
   * Does it as code of a process: not while that is paused, and never once it is dead. Then the
   * promise stays open, as nobody is left who could go on.
   */
  inside<Value>(
    process: SimProcess,
    what: string,
    work: () => Value | Promise<Value>,
    ends: Wait['ends'] = 'when answered',
  ): Promise<Value> {
    const settled = () =>
      new Promise<Value>((resolve, reject) => {
        process.deliver(() => {
          started(work).then(
            (value) => process.deliver(() => resolve(value)),
            (error) => process.deliver(() => reject(error)),
          );
        });
      });
    return this.await({ what: `${process.id} ${what}`, process, ends }, settled);
  }

  /** Whether a condition somebody waits for is met now. */
  meetsCondition(): boolean {
    let met = false;
    for (const isMet of [...this.conditions]) met = isMet() || met;
    return met;
  }
}

async function started<Value>(work: () => Value | Promise<Value>): Promise<Value> {
  return work();
}
