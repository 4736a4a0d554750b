import type { EpochMs } from '../clock/clock.js';
import { isoTime } from '../clock/iso-time.js';
import { TokenError } from '../errors/token-error.js';
import type { HoldReason } from '../guard/provider-incident.js';
import type { KnownAccount } from '../provider/account-registry.js';

/** A request that is kept back because many accounts of its provider are refused, or were. */
export class IncidentHold extends Error {
  readonly reason: HoldReason;
  /** On the store's clock. */
  readonly untilMs: EpochMs;

  constructor(
    readonly account: KnownAccount,
    hold: { readonly reason: HoldReason; readonly retryAt: EpochMs },
  ) {
    super('The provider has an incident.');
    this.reason = hold.reason;
    this.untilMs = hold.retryAt;
  }

  /** `refusal`: what the server said to this account, where it was asked. */
  toTokenError(retryAt: EpochMs, refusal?: TokenError): TokenError {
    const { id, provider } = this.account;
    const { status, providerCode, providerMessage } = refusal ?? {};
    const why =
      this.reason === 'login_pace'
        ? `"${provider.id}" has just refused many accounts at once, and they log in one by one.`
        : `"${provider.id}" refuses many accounts at once. That is taken for its own incident, and ` +
          'no account is given up for it.';
    return new TokenError(
      'GUARD_REFUSED',
      `No token request for ${id} now: ${why} The next is allowed at ${isoTime(retryAt)}.`,
      {
        retryable: true,
        retryAt,
        reason: this.reason,
        account: id,
        provider: provider.id,
        ...(status === undefined ? {} : { status }),
        ...(providerCode === undefined ? {} : { providerCode }),
        ...(providerMessage === undefined ? {} : { providerMessage }),
      },
    );
  }
}
