import type { Holder } from '@tokenkeep/core';
import type { HostedProcess } from './running-code.js';
import { SimClock } from './sim-clock.js';
import type { SimHost } from './sim-host.js';

/** Thrown where a process dies in the middle of its own code; nobody is left to see it. */
export class ProcessDied extends Error {
  constructor(process: string) {
    super(`${process} died here.`);
    this.name = 'ProcessDied';
  }
}

/**
 * One life of one process. All that reaches its code comes through `deliver`: once it is dead,
 * nothing does, so each await is a place to die at; while it is held, it waits, so each await is a
 * place to be paused at.
 */
export class SimProcess implements HostedProcess {
  readonly clock: SimClock;
  readonly holder: Holder;
  isAlive = true;
  /** How often it was held so far; a change means that it was held in between. */
  timesHeld = 0;
  #holds = 0;
  #backlog: (() => void)[] = [];

  constructor(
    readonly host: SimHost,
    /** Unique among all lives of all processes. */
    readonly id: string,
  ) {
    this.clock = new SimClock(this, host);
    this.holder = holderOf(this);
    host.processes.add(this);
    // Whoever starts it sleeps as well.
    if (host.isSuspended) this.hold();
  }

  get isHeld(): boolean {
    return this.#holds > 0;
  }

  /** Lets code of this process run: now, when it is released, or never. */
  deliver(code: () => void): void {
    if (!this.isAlive) return;
    if (this.isHeld) {
      this.#backlog.push(code);
      return;
    }
    this.host.kernel.resumed();
    code();
  }

  /** Code of the process that is not its engine waits: what an engine waits for is on its clock. */
  idle(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.answerAfter(ms, resolve);
    });
  }

  /** Something outside answers in `ms`. */
  answerAfter(ms: number, code: () => void): void {
    this.host.kernel.after(ms, () => this.deliver(code));
  }

  /** SIGKILL. What it has written is in the system's hands, and safe unless power is lost. */
  kill(): void {
    if (!this.isAlive) return;
    this.host.kernel.note(this.id, 'killed');
    this.isAlive = false;
    this.#backlog = [];
    this.host.processes.delete(this);
  }

  /** SIGSTOP, a blocked event loop, or its machine asleep. Holds add up. */
  hold(): void {
    this.#holds += 1;
    this.timesHeld += 1;
  }

  release(): void {
    if (this.#holds === 0) return;
    this.#holds -= 1;
    if (this.isHeld) return;
    const waiting = this.#backlog;
    this.#backlog = [];
    // One by one, so that what the first sets in motion runs before the second is looked at.
    for (const code of waiting) this.answerAfter(0, code);
  }
}

/** Names the machine and its boot, so that a process of an earlier boot is known to be gone. */
function holderOf(process: SimProcess): Holder {
  const { host } = process;
  const machine = `${host.name}.boot${host.boots}`;
  return {
    id: `${machine}.${process.id}`,
    isSimulated: true,
    isGone: (id) => {
      if (!id.startsWith(`${machine}.`)) return false;
      const other = id.slice(machine.length + 1);
      return ![...host.processes].some((each) => each.id === other);
    },
    isOfEarlierBoot: (id) => id.startsWith(`${host.name}.`) && !id.startsWith(`${machine}.`),
  };
}
