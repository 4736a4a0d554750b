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

  /** `leased`: a row this process has claimed already, and when it was read. */
  async run(
    account: KnownAccount,
    trigger: Trigger,
    leased?: { readonly found: FoundRecord; readonly readAt: number },
  ): Promise<RenewalOutcome> {
    const run = new RenewalRun(this.services, this.committer, account, trigger);
    if (leased !== undefined) {
      run.claim = Claim.held(this.services, account.id, leased.found, leased.readAt);
    }
    try {
      return await run.toEnd();
    } finally {
      await run.letGo();
    }
  }
}
