import type { Clock, Random } from '@tokenkeep/core';
import { ask, type Connections } from './connections.js';
import type { PgClient } from './pg-pool.js';

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 30_000;

/** A connection that listens, made again with pauses that grow when it is lost. */
export class ChangeWatch {
  readonly #stopped = new AbortController();
  #client: PgClient | undefined;
  #mending: Promise<void> | undefined;

  constructor(
    private readonly connections: Connections,
    private readonly channel: string,
    private readonly onChange: (id: string) => void,
    private readonly clock: Pick<Clock, 'sleep'>,
    private readonly random: Pick<Random, 'float'>,
  ) {}

  /** Resolves once it listens. Only the first attempt fails aloud. */
  async start(): Promise<void> {
    const client = await this.connections.dedicated((made) =>
      ask(made, { text: `LISTEN "${this.channel}"` }),
    );
    if (this.#stopped.signal.aborted) return client.release(true);
    const told = (message: unknown) => {
      const { channel, payload } = message as { channel: string; payload?: string };
      if (channel === this.channel && !this.#stopped.signal.aborted) this.onChange(payload ?? '');
    };
    const lost = () => {
      if (this.#client !== client) return;
      this.#client = undefined;
      client.release(true);
      if (!this.#stopped.signal.aborted) this.#mending = this.#mend();
    };
    this.#client = client;
    client.on('notification', told);
    client.on('error', lost);
    client.on('end', lost);
    // Whoever only listens does not keep the process alive.
    (client as { unref?: () => void }).unref?.();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    const client = this.#client;
    this.#client = undefined;
    client?.release(true);
    await this.#mending;
  }

  async #mend(): Promise<void> {
    const { signal } = this.#stopped;
    for (let pauses = 0; !signal.aborted; pauses += 1) {
      try {
        await this.clock.sleep(this.#pause(pauses), signal);
        return await this.start();
      } catch {
        // The server is away, or this watch has stopped: the next round finds out.
      }
    }
  }

  #pause(pauses: number): number {
    const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(pauses, 10));
    return longest * (0.5 + this.random.float() / 2);
  }
}
