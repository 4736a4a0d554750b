import type { Kernel } from '../kernel/kernel.js';

/** Code that runs in a process, as clocks, disks and wires reach it. */
export interface RunningCode {
  readonly isAlive: boolean;
  /** Lets it go on: now, when it is released, or never. */
  deliver(code: () => void): void;
}

/** The clocks of the machine it runs on. */
export interface MachineClocks {
  readonly kernel: Kernel;
  readonly rate: number;
  wall(): number;
  monotonic(): number;
  boot(): number;
}

/** A process as its machine sees it. */
export interface HostedProcess extends RunningCode {
  readonly id: string;
  readonly isHeld: boolean;
  readonly clock: {
    readonly pending: number;
    readonly longestSleepMs: number;
    tellResume(sleptMs: number): void;
  };
  hold(): void;
  release(): void;
  kill(): void;
}
