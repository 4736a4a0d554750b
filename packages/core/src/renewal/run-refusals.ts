import { TokenError } from '../errors/token-error.js';
import type { KnownAccount } from '../provider/account-registry.js';
import type { AccountRecord } from '../store/account-record.js';
import type { FoundRecord } from '../store/edit-record.js';
import type { BudgetExhausted } from './budget-rows.js';
import type { IncidentHold } from './incident-hold.js';
import { guardRefused, paceFull } from './no-token.js';
import type { RenewalOutcome } from './renewal-outcome.js';
import type { RenewalServices } from './renewal-services.js';

/** What a run says where nothing is asked, or nothing was had: why, and until when. */
export class RunRefusals {
  /** When the guard, a budget or a pace allows the next request, on the store's clock. */
  until = 0;
  /** What the run's last request failed with. */
  failure: TokenError | undefined;

  constructor(
    private readonly services: RenewalServices,
    private readonly account: KnownAccount,
  ) {}

  /** What they wait for, such as another account's quota, is not asked about until then. */
  withoutCredentials(found: FoundRecord, error: TokenError): RenewalOutcome {
    const { clock, store, parameters } = this.services;
    // Without a word of when, somebody has to act first: that is heard of where it happens.
    const laterMs = error.retryable ? 0 : parameters.backoffMaxMs;
    const waitMs = error.retryAt === undefined ? laterMs : error.retryAt - clock.now();
    this.until = store.estimate().ms + waitMs;
    return this.failed(found, error);
  }

  guardRefused(
    found: FoundRecord,
    record: AccountRecord,
    verdict: { readonly reason: string; readonly retryAt: number },
  ): RenewalOutcome {
    const { services, account } = this;
    this.until = verdict.retryAt;
    // The failure that made the guard say no says more than the guard's own words.
    if (this.failure !== undefined) return this.failed(found, this.failure, true);
    const retryMs = Math.max(0, verdict.retryAt - found.time.ms);
    const retryAt = services.clock.now() + retryMs;
    const { id, provider } = account;
    const { reason } = verdict;
    services.events.emit('guard:tripped', { account: id, provider: provider.id, reason, retryAt });
    const error =
      reason === 'pace'
        ? paceFull(account, retryAt)
        : guardRefused(account, 'token request', {
            reason,
            failures: record.guard.failures,
            retryAt,
          });
    return { kind: 'failed', found, error, retryMs, tried: false };
  }

  budgetRefused(found: FoundRecord, spent: BudgetExhausted): RenewalOutcome {
    const { services, account } = this;
    this.until = spent.untilMs;
    const retryMs = Math.max(0, spent.untilMs - found.time.ms);
    const retryAt = services.clock.now() + retryMs;
    const { id, provider } = account;
    services.events.emit('budget:exhausted', { account: id, provider: provider.id, retryAt });
    const error = spent.toTokenError(retryAt);
    return { kind: 'failed', found, error, retryMs, tried: false };
  }

  incidentHeld(found: FoundRecord, held: IncidentHold): RenewalOutcome {
    const { services, account } = this;
    const { random, parameters } = services;
    // Somewhere in the next minute, or all that wait would come for one place.
    this.until = held.untilMs + random.float() * parameters.incidentProbeMs;
    const retryMs = Math.max(0, held.untilMs - found.time.ms);
    const retryAt = services.clock.now() + retryMs;
    const facts = { account: account.id, provider: account.provider.id };
    services.events.emit('guard:tripped', { ...facts, reason: held.reason, retryAt });
    const error = held.toTokenError(retryAt, this.failure);
    return { kind: 'failed', found, error, retryMs, tried: false };
  }

  failed(found: FoundRecord, error: TokenError, tried = false): RenewalOutcome {
    const { services, account } = this;
    const { record = undefined, time } = found;
    const until = error.code === 'BUDGET_EXHAUSTED' ? undefined : record?.guard.notBefore;
    const waits = tried && until !== undefined && until > time.ms;
    const retryMs = waits ? until - services.store.estimate().ms : undefined;
    const context = { account: account.id, provider: account.provider.id };
    const dated =
      retryMs === undefined || error.retryAt !== undefined
        ? error
        : new TokenError(error.code, error.message, {
            ...error.details(),
            retryAt: services.clock.now() + retryMs,
          });
    return { kind: 'failed', found, error: dated.withContext(context), retryMs, tried };
  }
}
