import { type ErrorCode, TokenError } from '@tokenkeep/core';

/** What a process ends with. Scripts rely on them: they do not change. */
export const exitCodes = {
  ok: 0,
  /** A mistake in this program. */
  unexpected: 1,
  /** The command line or the configuration is wrong. */
  usage: 2,
  accountUnknown: 3,
  /** The account's owner has to do something first. */
  personMustAct: 4,
  /** The same command may succeed later, without anybody changing anything. */
  notNow: 5,
  /** The store, or the key that opens it. */
  store: 6,
  /** After the second SIGINT, or the first where a command was not done. */
  interrupted: 130,
  /** The same for SIGTERM. */
  terminated: 143,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

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
  if (error.reason !== undefined && keyReasons.has(error.reason)) return store;
  return exitCodeOfError[error.code] ?? unexpected;
}
