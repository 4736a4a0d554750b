import type { Kernel } from '../kernel/kernel.js';
import type { HostedProcess, MachineClocks } from './running-code.js';
import { SimDisk } from './sim-disk.js';

/** What a machine's clocks look like before anything happens to them. */
export interface HostClocks {
  /** Wall time at the start, ms since 1970. */
  readonly wallMs: number;
  /** How fast its crystal runs: 1.0001 gains 8.6 s a day. */
  readonly rate: number;
}

/** A machine: clocks, a disk, and processes that live and die with it. */
export class SimHost implements MachineClocks {
  readonly disk: SimDisk;
  readonly processes = new Set<HostedProcess>();
  isUp = true;
  /** Counts the times it was switched on. */
  boots = 1;
  /** When it last woke from sleep, true ms; before all time if never. */
  wokeAt = Number.NEGATIVE_INFINITY;
  #bootedAt = 0;
  /** Uptime of all earlier boots together. */
  #uptimeMs = 0;
  #suspendedMs = 0;
  #suspendedAt: number | undefined;
  #wallStepMs = 0;

  constructor(
    readonly kernel: Kernel,
    readonly name: string,
    private readonly clocks: HostClocks,
  ) {
    this.disk = new SimDisk(kernel, name);
  }

  get rate(): number {
    return this.clocks.rate;
  }

  get isSuspended(): boolean {
    return this.#suspendedAt !== undefined;
  }

  wall(): number {
    const { wallMs, rate } = this.clocks;
    return Math.floor(wallMs + this.kernel.now * rate + this.#wallStepMs);
  }

  /** Ms since it was switched on; stands still while it sleeps. The origins differ on purpose. */
  monotonic(): number {
    const asleep = this.#suspendedAt === undefined ? 0 : this.kernel.now - this.#suspendedAt;
    return 10_000 + (this.#sinceBoot() - this.#suspendedMs - asleep) * this.rate;
  }

  /** The same, time asleep included. */
  boot(): number {
    return 3_600_000 + this.#sinceBoot() * this.rate;
  }

  /** Ms it has been on, over all boots: what a count kept on its disk goes by. */
  uptime(): number {
    return this.#uptimeMs + (this.isUp ? this.#sinceBoot() * this.rate : 0);
  }

  /** Steps the wall clock alone, as an administrator or a time service does. */
  stepWall(ms: number): void {
    this.kernel.note(this.name, 'wall clock stepped');
    this.#wallStepMs += ms;
  }

  /** Every process stands still, and so does the monotonic clock; the boot clock goes on. */
  suspend(): void {
    if (this.isSuspended || !this.isUp) return;
    this.kernel.note(this.name, 'suspended');
    this.#suspendedAt = this.kernel.now;
    for (const process of this.processes) process.hold();
  }

  resume(): void {
    if (this.#suspendedAt === undefined) return;
    const sleptMs = this.kernel.now - this.#suspendedAt;
    this.#suspendedMs += sleptMs;
    this.#suspendedAt = undefined;
    this.wokeAt = this.kernel.now;
    this.kernel.note(this.name, 'resumed');
    for (const process of this.processes) {
      process.clock.tellResume(sleptMs * this.rate);
      process.release();
    }
  }

  /** Pulls the plug: processes die, and what was not synced is lost or torn. */
  powerOff(): void {
    if (!this.isUp) return;
    this.kernel.note(this.name, 'power lost');
    for (const process of [...this.processes]) process.kill();
    this.disk.losePower();
    this.#uptimeMs = this.uptime();
    this.isUp = false;
    this.#suspendedAt = undefined;
  }

  /** Boots again: a new boot id, and a monotonic clock that begins anew. */
  powerOn(): void {
    if (this.isUp) return;
    this.kernel.note(this.name, 'booted');
    this.isUp = true;
    this.boots += 1;
    this.#bootedAt = this.kernel.now;
    this.#suspendedMs = 0;
  }

  #sinceBoot(): number {
    return this.kernel.now - this.#bootedAt;
  }
}
