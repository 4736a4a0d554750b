import type { RowWrite } from '@tokenkeep/core';
import type { Connections } from './connections.js';

const AT_ONCE = 200;
/** What a payload may be long. */
const MOST_BYTES = 8_000;

/**
 * Tells others of changed accounts, apart from the write: transactions that notify commit one after
 * the other in the whole server, each with its wait for the disk. Here many are told in one, which
 * waits for no disk. It is a hint: what cannot be told now is not told.
 */
export class ChangeTeller {
  readonly #waiting = new Set<string>();
  #telling: Promise<void> | undefined;

  constructor(
    private readonly connections: Pick<Connections, 'query'>,
    private readonly channel: string,
  ) {}

  /** Of changes that are written. Those with a lease are still at work. */
  tell(changes: readonly RowWrite[]): void {
    for (const { kind, id, lease } of changes) {
      const isTold =
        kind === 'account' && lease === undefined && Buffer.byteLength(id) < MOST_BYTES;
      if (isTold) this.#waiting.add(id);
    }
    if (this.#waiting.size === 0) return;
    this.#telling ??= this.#tellAll().finally(() => {
      this.#telling = undefined;
    });
  }

  /** Resolves when what was to be told is told. */
  async ended(): Promise<void> {
    await this.#telling;
  }

  async #tellAll(): Promise<void> {
    while (this.#waiting.size > 0) {
      const ids = [...this.#waiting].slice(0, AT_ONCE);
      for (const id of ids) this.#waiting.delete(id);
      const text = `WITH quick AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
        SELECT count(pg_notify($1, id)) FROM quick, unnest($2::text[]) AS id`;
      await this.connections.query({ text, values: [this.channel, ids] }).catch(() => {});
    }
  }
}
