import type { KnownAccount } from '../provider/account-registry.js';
import type { FoundRecord } from '../store/edit-record.js';
import { Claim } from './claim.js';
import type { Committer } from './commit.js';
import type { PacePlace } from './pace-rows.js';
import type { RenewalOutcome } from './renewal-outcome.js';
import { RenewalRun } from './renewal-run.js';
import type { RenewalServices } from './renewal-services.js';
import type { Trigger } from './trigger.js';

/** A row that the schedule has claimed for this process already. */
export interface LeasedRecord {
  readonly found: FoundRecord;
  readonly readAt: number;
  /** Where its provider has a pace: its turn, which is now. */
  readonly place?: PacePlace;
}

/**
 * The renewal of one account: claim, intent, call, commit, publish. Everything it knows, it read
 * in this run; everything it decides, it writes by compare-and-set.
 */
export class RenewalTransaction {
  constructor(
    private readonly services: RenewalServices,
    private readonly committer: Committer,
  ) {}

  /**
   * @param check throws where a record is older than what this process has seen
   */
  async run(
    account: KnownAccount,
    trigger: Trigger,
    leased: LeasedRecord | undefined,
    check: (found: FoundRecord, readAt: number) => void,
  ): Promise<RenewalOutcome> {
    const run = new RenewalRun(this.services, this.committer, account, trigger, check);
    if (leased !== undefined) {
      run.claim = Claim.held(this.services, account.id, leased.found, leased.readAt);
      run.leasedAt = leased.readAt;
      run.place = leased.place;
    }
    try {
      return await run.toEnd();
    } finally {
      await run.letGo();
    }
  }
}
