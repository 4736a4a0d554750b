import type { Clock, RowWrite, WriteResult } from '@tokenkeep/core';
import { isStatementRefused } from './driver-errors.js';

/** Statements under way while what is to be written meanwhile gathers. */
const LANES = 2;
const MOST_ROWS = 64;
/** A lane that is held up for longer, by a lock or a line, is not waited for. */
const PATIENCE_MS = 250;

const noLongerNeeded = Symbol('no longer needed');

interface Waiting {
  readonly change: RowWrite;
  readonly resolve: (result: WriteResult) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Writes of one row each that are wanted while others are under way share a statement: one trip, one
 * plan, one wait for the disk. Each is judged for itself, and is answered when it is durable. In a calm
 * moment one leaves at once, alone.
 */
export class SharedWrites {
  readonly #waiting: Waiting[] = [];
  #lanes = 0;

  constructor(
    private readonly clock: Pick<Clock, 'sleep'>,
    /** One result for each change, in their order; or it rejects, and none was made or all may have been. */
    private readonly send: (changes: readonly RowWrite[]) => Promise<readonly WriteResult[]>,
  ) {}

  write(change: RowWrite): Promise<WriteResult> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ change, resolve, reject });
      void this.#depart();
    });
  }

  async #depart(): Promise<void> {
    if (this.#lanes === LANES || this.#waiting.length === 0) return;
    this.#lanes += 1;
    const group = this.#waiting.splice(0, MOST_ROWS);
    const settled = new AbortController();
    void this.#settle(group).then(() => settled.abort(noLongerNeeded));
    await this.clock.sleep(PATIENCE_MS, settled.signal).catch(() => {});
    this.#lanes -= 1;
    void this.#depart();
  }

  async #settle(group: readonly Waiting[]): Promise<void> {
    try {
      const results = await this.send(group.map(({ change }) => change));
      for (const [place, result] of results.entries()) group[place]?.resolve(result);
    } catch (error) {
      // Refused by the server, it has changed nothing: whose fault it was shows when each goes alone.
      if (group.length > 1 && isStatementRefused(error)) {
        await Promise.all(group.map((each) => this.#settle([each])));
      } else {
        for (const { reject } of group) reject(error);
      }
    }
  }
}
