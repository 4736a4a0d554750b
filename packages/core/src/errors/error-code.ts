/**
 * Stable codes; messages are free to change. Each has a heading in `docs/reference/errors.md`.
 * They are split by who must act.
 */
export const errorCodes = [
  // nobody: the engine retries by itself
  'PROVIDER_UNAVAILABLE',
  'PROVIDER_THROTTLED',
  // nobody blindly: what the server did is unknown, or its reply made no sense
  'PROVIDER_OUTCOME_UNKNOWN',
  'PROVIDER_PROTOCOL',
  'TOKEN_EXPIRED_ON_ARRIVAL',
  // the account's owner
  'REAUTHORIZATION_REQUIRED',
  'CREDENTIALS_REJECTED',
  'INSUFFICIENT_SCOPE',
  // the operator
  'CONFIGURATION_INVALID',
  'CONFIGURATION_CLIENT_REJECTED',
  'CONFIGURATION_UNSAFE_URL',
  'ACCOUNT_UNKNOWN',
  'ACCOUNT_REVOKED',
  'ROTATION_UNSUPPORTED',
  'KEY_UNKNOWN',
  'RECORD_UNREADABLE',
  // the store
  'STORE_UNAVAILABLE',
  'STORE_MISCONFIGURED',
  'STORE_SCHEMA_NEWER',
  'STORE_ROLLED_BACK',
  // the caller
  'GUARD_REFUSED',
  'BUDGET_EXHAUSTED',
  'TOKEN_REFUSED',
  'REQUEST_NOT_REPLAYABLE',
  'WAIT_TIMED_OUT',
  'ENGINE_STOPPED',
  'ABORTED',
] as const;

export type ErrorCode = (typeof errorCodes)[number];
