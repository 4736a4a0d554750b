import type { EpochMs } from '../clock/clock.js';
import { isoTime } from '../clock/iso-time.js';
import { TokenError } from '../errors/token-error.js';
import type { KnownAccount } from '../provider/account-registry.js';
import type { UpstreamToken } from '../store/account-record.js';

/** The token an API refused is another account's, and that one was not replaced. */
export function upstreamKept({ id }: KnownAccount): TokenError {
  return new TokenError(
    'TOKEN_REFUSED',
    `The token of ${id} is another account's own, and no new one of that could be had.`,
    { retryable: true, reason: 'upstream_not_replaced', account: id },
  );
}

export function accountRevoked({ id }: KnownAccount): TokenError {
  return new TokenError(
    'ACCOUNT_REVOKED',
    `Account ${id} was revoked. Call engine.login("${id}") to bring it back.`,
    { reason: 'revoked', account: id },
  );
}

const cures: Record<string, string> = {
  credentials_rejected:
    'The server rejected its credentials. Correct them, or the base URL if they are right',
  rotation_lost: 'A rotated refresh token was lost, and there are no credentials to log in with',
  no_refresh_token:
    'It has no refresh token, and no credentials to log in with. Add "credentials", or bring ' +
    'tokens with engine.accounts.import()',
  refresh_token_rejected:
    'The server rejected its refresh token, and there are no credentials to log in with',
  refresh_token_expired: 'Its refresh token has ended, and there are no credentials to log in with',
};

export function personNeeded(
  { id, provider }: KnownAccount,
  reason: string,
  failure: TokenError | undefined,
): TokenError {
  const { providerCode, status } = failure ?? {};
  const word = providerCode ?? (status === undefined ? undefined : `HTTP ${status}`);
  const said = word === undefined ? '' : ` (${word})`;
  const rejected = reason === 'credentials_rejected';
  const owner =
    rejected || provider.login === undefined ? '' : ' Let its owner log in: engine.login().';
  return new TokenError(
    rejected ? 'CREDENTIALS_REJECTED' : 'REAUTHORIZATION_REQUIRED',
    `${id} needs a person: ${cures[reason] ?? reason}${said}.${owner}`,
    {
      ...(failure?.details() ?? {}),
      retryable: false,
      reason,
      account: id,
    },
  );
}

/** A login was asked for by hand, or for a rotation. */
export function noCredentials({ id, provider }: KnownAccount): TokenError {
  const cure =
    provider.login === undefined
      ? 'Add "credentials" to its account.'
      : 'A person has to log in: run "tokenkeep login", or give engine.login() an interaction.';
  return new TokenError(
    'REAUTHORIZATION_REQUIRED',
    `${id} has no credentials to log in with. ${cure}`,
    { reason: 'no_credentials', account: id },
  );
}

/** The reasons of the guard, in the words of docs/reference/errors.md. */
const waitsFor: Record<string, string> = {
  backoff: 'a pause after failures',
  retry_after: 'the server asked for a pause',
  ambiguous_refusal: 'a pause after a refusal without a reason',
  unchanged_token: 'the server hands out the same token until it is nearly over',
  gap: 'the last one was only just made',
  forced_gap: 'one for a refused token was made not long ago',
  hourly_cap: 'as many as an hour may have were made',
  breaker: 'its host fails, or rejects its client',
};

function inARow(failures: number): string {
  return failures === 0 ? '' : ` (${failures} failures in a row)`;
}

/** The guard's word, with the moment it ends. */
export function guardRefused(
  { id, provider }: KnownAccount,
  what: 'token request' | 'login',
  { reason, failures, retryAt }: GuardRefusal,
): TokenError {
  return new TokenError(
    'GUARD_REFUSED',
    `No ${what} for ${id} now: ${waitsFor[reason] ?? reason}${inARow(failures)}. ` +
      `The next is allowed at ${isoTime(retryAt)}.`,
    { retryable: true, retryAt, reason, account: id, provider: provider.id },
  );
}

interface GuardRefusal {
  readonly reason: string;
  readonly failures: number;
  /** Wall clock. */
  readonly retryAt: EpochMs;
}

/** More want a token of this provider than its pace lets through. */
export function paceFull({ id, provider }: KnownAccount, retryAt: EpochMs): TokenError {
  return new TokenError(
    'GUARD_REFUSED',
    `No token request for ${id} now: the pace of "${provider.id}" is taken up by others. ` +
      `Try again at ${isoTime(retryAt)}, or give the provider a faster pace if its vendor allows it.`,
    { retryable: true, retryAt, reason: 'pace', account: id, provider: provider.id },
  );
}

export function aborted({ reason }: AbortSignal): TokenError {
  return new TokenError('ABORTED', 'The caller stopped waiting for a token.', {
    retryable: true,
    cause: reason,
  });
}

export function waitTimedOut({ id }: KnownAccount, failure: TokenError | undefined): TokenError {
  const last = failure === undefined ? '' : ` The last attempt failed: ${failure.message}`;
  return new TokenError(
    'WAIT_TIMED_OUT',
    `No token for ${id} in the time given. The renewal goes on; ask again.${last}`,
    {
      retryable: true,
      account: id,
      ...(failure?.reason === undefined ? {} : { reason: failure.reason }),
      ...(failure === undefined ? {} : { cause: failure }),
    },
  );
}

export function refusedToken({ id }: KnownAccount, error: TokenError | undefined): TokenError {
  return new TokenError(
    'TOKEN_REFUSED',
    `An API refused the token of ${id}, and a new one could not be had` +
      `${error === undefined ? '' : ` (${error.code})`}.`,
    {
      retryable: true,
      account: id,
      reason: error?.reason ?? 'refused',
      ...(error?.retryAt === undefined ? {} : { retryAt: error.retryAt }),
      ...(error === undefined ? {} : { cause: error }),
    },
  );
}

export function rolledBack({ id }: KnownAccount, location: string): TokenError {
  return new TokenError(
    'STORE_ROLLED_BACK',
    `The store at ${location} holds an older state of ${id} than this process has seen. Sending ` +
      'an old refresh token could end its grant, so nothing is sent. Log the account in again.',
    { account: id, reason: 'rolled_back' },
  );
}

/** Its cure is the other account's: told is what keeps that one from a new token, and until when. */
export function upstreamStays({ account }: UpstreamToken, cause: TokenError): TokenError {
  const { retryAt } = cause;
  return new TokenError(
    'PROVIDER_UNAVAILABLE',
    `The server refused the token of ${account}, which could not be replaced: ${cause.message}`,
    {
      retryable: true,
      reason: 'upstream_rejected',
      cause,
      ...(retryAt === undefined ? {} : { retryAt }),
    },
  );
}
