import { type ErrorCode, TokenError } from '@tokenkeep/core';
import { INTERRUPTED } from './ended-question.js';
import { type ExitCode, exitCodes } from './exit-codes.js';
import { isWrongIssuer } from './wrong-issuer.js';

const { unexpected, usage, accountUnknown, personMustAct, notNow, store } = exitCodes;

const exitCodeOfError: Readonly<Record<ErrorCode, ExitCode>> = {
  PROVIDER_UNAVAILABLE: notNow,
  PROVIDER_THROTTLED: notNow,
  PROVIDER_OUTCOME_UNKNOWN: notNow,
  PROVIDER_PROTOCOL: notNow,
  TOKEN_EXPIRED_ON_ARRIVAL: notNow,
  REAUTHORIZATION_REQUIRED: personMustAct,
  CREDENTIALS_REJECTED: personMustAct,
  INSUFFICIENT_SCOPE: personMustAct,
  CONFIGURATION_INVALID: usage,
  CONFIGURATION_CLIENT_REJECTED: usage,
  CONFIGURATION_UNSAFE_URL: usage,
  ACCOUNT_UNKNOWN: accountUnknown,
  ACCOUNT_REVOKED: personMustAct,
  ROTATION_UNSUPPORTED: usage,
  KEY_UNKNOWN: store,
  RECORD_UNREADABLE: store,
  STORE_UNAVAILABLE: store,
  STORE_MISCONFIGURED: store,
  STORE_SCHEMA_NEWER: store,
  STORE_ROLLED_BACK: store,
  GUARD_REFUSED: notNow,
  BUDGET_EXHAUSTED: notNow,
  TOKEN_REFUSED: notNow,
  REQUEST_NOT_REPLAYABLE: unexpected,
  WAIT_TIMED_OUT: notNow,
  ENGINE_STOPPED: unexpected,
  ABORTED: unexpected,
};

/** Reasons of `CONFIGURATION_INVALID` that are about keys. */
const keyReasons = new Set(['key_file', 'sealing_key']);

export function exitCodeOf(error: unknown): ExitCode {
  if (!TokenError.is(error)) return unexpected;
  if (error.reason === INTERRUPTED) return exitCodes.interrupted;
  if (error.reason !== undefined && keyReasons.has(error.reason)) return store;
  if (isWrongIssuer(error)) return usage;
  return exitCodeOfError[error.code] ?? unexpected;
}
