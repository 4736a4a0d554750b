import type { ClaimDueQuery, ClaimDueResult, DuePlace, UpcomingResult } from '@tokenkeep/core';
import type { Database } from './database.js';
import { claimScript, upcomingScript } from './scripts/due-scripts.js';
import { nowScript } from './scripts/row-scripts.js';
import { dueEntry, fieldOf, storedRow } from './stored-rows.js';
import { threes } from './threes.js';

/** The schedule, which is the sorted set, and claims in it. */
export class DueAccounts {
  constructor(private readonly database: Database) {}

  async claim({ ids, holder, leaseMs, limit }: ClaimDueQuery): Promise<ClaimDueResult> {
    const asked = new Set(ids);
    if (limit < 1 || asked.size === 0) {
      return { rows: [], time: (await this.database.read(nowScript)).time };
    }
    const told = await this.database.write(claimScript, holder, leaseMs, limit, ...asked);
    const rows = threes(told.values).map(([id, head, body]) =>
      storedRow(fieldOf('account', String(id)), String(head), body),
    );
    return { rows, time: told.time };
  }

  async upcoming(after: DuePlace | undefined, limit: number): Promise<UpcomingResult> {
    const place = after === undefined ? [] : [after.due, after.id];
    const { time, values } = await this.database.read(upcomingScript, limit, ...place);
    return { entries: threes(values).map(dueEntry), time };
  }
}
