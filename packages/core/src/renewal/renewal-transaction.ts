import type { KnownAccount } from '../provider/account-registry.js';
import type { FoundRecord } from '../store/edit-record.js';
import { Claim } from './claim.js';
import type { Committer } from './commit.js';
import type { RenewalOutcome } from './renewal-outcome.js';
import { RenewalRun } from './renewal-run.js';
import type { RenewalServices } from './renewal-services.js';
import type { Trigger } from './trigger.js';

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
   * @param leased a row this process has claimed already, and when it was read
   * @param check throws where a record is older than what this process has seen
   */
  async run(
    account: KnownAccount,
    trigger: Trigger,
    leased: { readonly found: FoundRecord; readonly readAt: number } | undefined,
    check: (found: FoundRecord, readAt: number) => void,
  ): Promise<RenewalOutcome> {
    const run = new RenewalRun(this.services, this.committer, account, trigger, check);
    if (leased !== undefined) {
      run.claim = Claim.held(this.services, account.id, leased.found, leased.readAt);
      run.leasedAt = leased.readAt;
    }
    try {
      return await run.toEnd();
    } finally {
      await run.letGo();
    }
  }
}
