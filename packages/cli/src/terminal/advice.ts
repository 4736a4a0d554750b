import type { ErrorCode, TokenError } from '@tokenkeep/core';
import { type AccountOfError, accountOfError } from '../accounts/account-of-error.js';
import { importTokens, replaceCredentials } from './account-commands.js';
import { shellWord } from './shell-word.js';
import { isWrongIssuer } from './wrong-issuer.js';

/** `account` as it may be typed; `known`: what else is known of it. */
type Advice = (account: string, known: AccountOfError | undefined) => string;

const waiting: Advice = () => 'Run the same command again later. Nobody has to act.';
const storeAdvice: Advice = () => 'Run: tokenkeep doctor';
const nothing: Advice = () => '';

/** What the person at the terminal does next; empty where the message says it. */
const adviceByCode: Readonly<Record<ErrorCode, Advice>> = {
  PROVIDER_UNAVAILABLE: waiting,
  PROVIDER_THROTTLED: waiting,
  PROVIDER_OUTCOME_UNKNOWN: () =>
    'Wait: the outcome is settled by itself. Do not send the refresh token by hand.',
  PROVIDER_PROTOCOL: () =>
    'Check baseUrl in the configuration, and, of a declared provider, reply.accessToken and what ' +
    'is beside it. If they are right, tell the vendor.',
  TOKEN_EXPIRED_ON_ARRIVAL: waiting,
  REAUTHORIZATION_REQUIRED: (account, known) =>
    known?.logsPeopleIn
      ? `Log in: tokenkeep login ${account}`
      : `Bring tokens: ${importTokens(known ?? { name: account })}. Or give it credentials` +
        (known?.origin === 'store'
          ? `: ${replaceCredentials(known)}`
          : `, then: tokenkeep login ${account}`),
  CREDENTIALS_REJECTED: (account, known) =>
    known?.origin === 'store'
      ? `Replace the credentials: ${replaceCredentials(known)}. They are not tried again before.`
      : `Correct the credentials, then: tokenkeep login ${account}. They are not tried again before.`,
  INSUFFICIENT_SCOPE: () => 'Have the grant widened, or ask for less scope.',
  CONFIGURATION_INVALID: nothing,
  CONFIGURATION_CLIENT_REJECTED: () => 'Check the client id and its secret: secrets expire, too.',
  CONFIGURATION_UNSAFE_URL: () =>
    'Use https. For a server on this machine: allowInsecureLoopback: true',
  ACCOUNT_UNKNOWN: () => 'List the accounts there are: tokenkeep accounts list',
  ACCOUNT_REVOKED: (account) => `To begin anew: tokenkeep login ${account}`,
  ROTATION_UNSUPPORTED: nothing,
  KEY_UNKNOWN: (account) =>
    `Put the old key back: tokenkeep keys --help. If it is lost: tokenkeep login ${account}`,
  RECORD_UNREADABLE: (account) => `Find out who wrote there, then: tokenkeep login ${account}`,
  STORE_UNAVAILABLE: storeAdvice,
  STORE_MISCONFIGURED: storeAdvice,
  STORE_SCHEMA_NEWER: () => 'Update tokenkeep: a newer version has written this store.',
  STORE_ROLLED_BACK: (account) =>
    `An old copy of the store was put back. Begin anew: tokenkeep login ${account}`,
  GUARD_REFUSED: waiting,
  BUDGET_EXHAUSTED: (account) =>
    `Find out who else logs in with these credentials: tokenkeep status ${account}`,
  TOKEN_REFUSED: waiting,
  REQUEST_NOT_REPLAYABLE: nothing,
  WAIT_TIMED_OUT: (account) => `Run it again, or look: tokenkeep status ${account}`,
  ENGINE_STOPPED: nothing,
  ABORTED: nothing,
};

/** Where the reason says more than the code. */
const adviceByReason: Readonly<Record<string, Advice>> = {
  gap: () => 'Run it again in a moment: the last request has only just been sent.',
  login_refused: (account) => `Log in again: tokenkeep login ${account}`,
};

export function adviceFor(error: TokenError): string {
  // The message says what to correct.
  if (isWrongIssuer(error)) return '';
  const known = accountOfError(error);
  const name = known?.name ?? error.account;
  const account = name === undefined ? '<account>' : shellWord(name);
  const { [reasonOf(error)]: byReason } = adviceByReason;
  return (byReason ?? adviceByCode[error.code])?.(account, known) ?? '';
}

/** A store and a client may be refused as well as a person. */
function reasonOf({ code, reason = '' }: TokenError): string {
  return reason === 'login_refused' && code !== 'REAUTHORIZATION_REQUIRED' ? '' : reason;
}
