import type { ClaimDueQuery, ClaimDueResult, EpochMs, StoreTime } from '@tokenkeep/core';
import type { Database, Told } from './database.js';
import {
  claimKnownScript,
  claimScript,
  dueScript,
  firstDueScript,
  nextDueScript,
} from './scripts/due-scripts.js';
import { nowScript } from './scripts/row-scripts.js';
import { fieldOf, storedRow } from './stored-rows.js';
import { threes } from './threes.js';

/**
 * More ids than these are not sent before it is known that it is worth it. So many accounts are
 * looked at to know.
 */
const FEW = 256;

/** Before all ids are sent after all. Another client has been faster each time. */
const ATTEMPTS = 3;

/**
 * Who is due, among ids that may be many. The server would be busy with 10,000 of them for
 * milliseconds, and most of the time nobody is due: then a short question is enough.
 */
export class DueAccounts {
  constructor(private readonly database: Database) {}

  async claim(query: ClaimDueQuery): Promise<ClaimDueResult> {
    const asked = new Set(query.ids);
    if (query.limit < 1) return { rows: [], time: (await this.database.read(nowScript)).time };
    if (asked.size > FEW) {
      for (let attempts = 0; attempts < ATTEMPTS; attempts += 1) {
        const result = await this.#claimKnown(query, asked);
        if (result !== undefined) return result;
      }
    }
    const { holder, leaseMs, limit } = query;
    return claimed(await this.database.write(claimScript, holder, leaseMs, limit, ...asked));
  }

  /**
   * Asks who is due, and claims of them those that are asked for. In the second step the server
   * makes sure that nobody has become due in between who would come before them. `undefined`:
   * somebody has, or too many others are due. Nothing was claimed.
   */
  async #claimKnown(
    { holder, leaseMs, limit }: ClaimDueQuery,
    asked: ReadonlySet<string>,
  ): Promise<ClaimDueResult | undefined> {
    const due = await this.database.read(dueScript, FEW);
    const [complete, ...ids] = due.values.map(String);
    const mine = ids.filter((id) => asked.has(id));
    if (complete === '1' && mine.length === 0) return { rows: [], time: due.time };
    if (complete !== '1' && mine.length < limit) return undefined;
    const others = ids.filter((id) => !asked.has(id));
    const args = [holder, leaseMs, limit, mine.length, ...mine, ...others];
    const told = await this.database.write(claimKnownScript, ...args);
    return told.values[0] === 'again' && told.values.length === 1 ? undefined : claimed(told);
  }

  async next(ids: readonly string[]): Promise<{ due: EpochMs | undefined; time: StoreTime }> {
    if (ids.length > FEW) {
      const { time, values } = await this.database.read(firstDueScript, FEW);
      const asked = new Set(ids);
      const first = values.findIndex((id, place) => place % 2 === 0 && asked.has(String(id)));
      if (first >= 0) return { due: Number(values[first + 1]), time };
      if (values.length < 2 * FEW) return { due: undefined, time };
    }
    const { time, values } = await this.database.read(nextDueScript, ...ids);
    return { due: values[0] == null ? undefined : Number(values[0]), time };
  }
}

function claimed({ time, values }: Told): ClaimDueResult {
  const rows = threes(values).map(([id, head, body]) =>
    storedRow(fieldOf('account', String(id)), String(head), body),
  );
  return { rows, time };
}
