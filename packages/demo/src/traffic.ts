import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiCaller } from './api-caller.js';

/** Calls that keep coming, one at a time, until somebody pauses them. */
export class Traffic {
  #running: { readonly stop: AbortController; readonly ended: Promise<void> } | undefined;

  constructor(
    private readonly caller: ApiCaller,
    private readonly everyMs: number,
  ) {}

  resume(): void {
    if (this.#running !== undefined) return;
    const stop = new AbortController();
    this.#running = { stop, ended: this.#flow(stop.signal) };
  }

  /** Resolves when the call under way has come back. */
  async pause(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    running?.stop.abort();
    await running?.ended;
  }

  async #flow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.caller.call();
      await sleep(this.everyMs, undefined, { signal }).catch(() => {});
    }
  }
}
