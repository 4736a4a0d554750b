import { TokenError } from '../errors/token-error.js';
import type { KnownAccount } from '../provider/account-registry.js';
import { framesOf, kindOf } from './provider-error.js';
import type { RenewalOutcome } from './renewal-outcome.js';
import type { RenewalServices } from './renewal-services.js';

/** How a flight ended. Without an error there is a record that has what was wanted. */
export interface FlightEnd {
  /** This flight itself brought the new tokens. */
  readonly renewed?: true;
  readonly error?: TokenError;
  /** When trying again may make sense. Milliseconds from now. */
  readonly retryMs?: number;
  /** It did not wait for the process that holds the claim, because nobody waited for it. */
  readonly left?: true;
}

export interface Flight {
  readonly services: RenewalServices;
  readonly account: KnownAccount;
  readonly run: (first: boolean) => Promise<RenewalOutcome>;
  /** Takes over what a run found or made. Throws where the store was rolled back. */
  readonly adopt: (outcome: RenewalOutcome, readAt: number) => void;
  /** Whether the token at hand will do, so that nobody needs to wait for another process. */
  readonly serves: () => boolean;
  /** Looks at the record. */
  readonly look: () => Promise<void>;
  /** Whether anybody waits for this flight. */
  readonly awaited: () => boolean;
}

/**
 * Everything one process does about one account at one time: runs of the renewal, waits for the
 * process that holds the claim, and a few retries while somebody waits. It inherits no caller's
 * signal, and every wait in it is capped.
 */
export async function flyRenewal(flight: Flight): Promise<FlightEnd> {
  const { services, run, adopt, serves, awaited } = flight;
  const { clock, elapsed, parameters: p } = services;
  const endsAt = elapsed.now() + p.flightMs;
  let attempts = 0;
  let failure: TokenError | undefined;
  for (let first = true; ; first = false) {
    const readAt = elapsed.now();
    let outcome: RenewalOutcome;
    try {
      outcome = await run(first);
      adopt(outcome, readAt);
    } catch (error) {
      return { error: asTokenError(flight.account, error) };
    }
    if (outcome.kind === 'renewed') return { renewed: true };
    if (outcome.kind === 'settled') return {};
    if (outcome.kind === 'waiting') {
      const { waitMs, reason } = outcome;
      // A doubt that outlasts everybody's patience is an answer now, not a time-out later.
      const tooLong = reason === 'in_doubt' && waitMs > p.waitMs;
      const end = waited(flight.account, waitMs, reason, clock);
      if (tooLong || elapsed.now() >= endsAt) return end;
      if (serves() || !awaited()) return { ...end, left: true };
      await clock.sleep(Math.min(waitMs, p.followPollMs));
      continue;
    }
    const { error, retryMs, tried } = outcome;
    if (tried) attempts += 1;
    if (tried) failure = error;
    // The next request of an incident is a probe: whoever waits for it waits in vain.
    const again =
      error.retryable &&
      error.reason !== 'provider_incident' &&
      retryMs !== undefined &&
      awaited() &&
      !serves() &&
      attempts < p.attemptsPerFlight &&
      retryMs <= p.waitMs &&
      elapsed.now() + retryMs < endsAt;
    const quota = services.breakers.quotaOf(flight.account.provider.id);
    if (!again || (tried && !quota.pay(error.reason === 'timeout'))) {
      return { error: told(error, failure), ...(retryMs === undefined ? {} : { retryMs }) };
    }
    if (await servedMeanwhile(flight, retryMs)) return {};
  }
}

/** Waits before it tries again, and sees when another process was faster. */
async function servedMeanwhile({ services, look, serves }: Flight, ms: number): Promise<boolean> {
  const { clock, elapsed, parameters } = services;
  const until = elapsed.now() + ms;
  for (let leftMs = ms; leftMs > 0; leftMs = until - elapsed.now()) {
    await clock.sleep(Math.min(leftMs, parameters.viewMaxAgeMs));
    await look();
    if (serves()) return true;
  }
  return false;
}

/** What the server did says more than the guard's pause after it; when, the guard knows. */
function told(error: TokenError, failure: TokenError | undefined): TokenError {
  const { code, retryAt } = error;
  if (failure === undefined || code !== 'GUARD_REFUSED') return error;
  const details = { ...failure.details(), ...(retryAt === undefined ? {} : { retryAt }) };
  return new TokenError(failure.code, failure.message, details);
}

function waited(
  { id }: KnownAccount,
  waitMs: number,
  reason: string,
  clock: { now(): number },
): FlightEnd {
  const error = new TokenError(
    reason === 'in_doubt' ? 'PROVIDER_OUTCOME_UNKNOWN' : 'WAIT_TIMED_OUT',
    reason === 'in_doubt'
      ? `A rotation of ${id} is in doubt: its reply was lost. It is settled by itself.`
      : `Another process is renewing ${id} and has not finished.`,
    { retryable: true, retryAt: clock.now() + waitMs, reason, account: id },
  );
  return { error, retryMs: waitMs };
}

/** A bug, or a store that broke: waiters get an error, never a rejection nobody handles. */
function asTokenError({ id }: KnownAccount, error: unknown): TokenError {
  if (TokenError.is(error)) return error;
  const bug = new Error(`The renewal of ${id} failed in a way it should not (${kindOf(error)}).`);
  bug.stack = [`${bug.name}: ${bug.message}`, ...framesOf(error)].join('\n');
  throw bug;
}
