import { TokenError } from '@tokenkeep/core';
import { type Failure, noCode, sqlStates, systemCodes, tlsCodes } from './failures.js';
import { schemaVersion } from './migrations/index.js';

/** What a row that appeared meanwhile does to a `write`. */
export const ROW_APPEARED = '22012';

/** What a schema of a newer version does to every statement. */
const SCHEMA_NEWER = '2201F';

/** Somebody else held a lock for too long. */
export const LOCK_NOT_AVAILABLE = '55P03';

/** The five characters by which PostgreSQL names a failure. */
export function sqlStateOf(error: unknown): string | undefined {
  const { code, severity } = (error ?? {}) as { code?: unknown; severity?: unknown };
  if (typeof code !== 'string' || !/^[0-9A-Z]{5}$/.test(code)) return undefined;
  // The driver's own codes are of five letters at times: EPIPE.
  return typeof severity === 'string' ? code : undefined;
}

const READ_ONLY = '25006';

/** The statement failed, and the connection goes on: unless it leads to a standby. */
export function isStatementRefused(error: unknown): boolean {
  const { severity } = (error ?? {}) as { severity?: unknown };
  const state = sqlStateOf(error);
  return state !== undefined && state !== READ_ONLY && severity === 'ERROR';
}

/**
 * Any failure in words of our own. The driver's message stays behind: it may quote what was written,
 * and its `detail` does.
 */
export function storeError(error: unknown, location: string, isOpening = false): TokenError {
  if (TokenError.is(error)) return error;
  if (sqlStateOf(error) === SCHEMA_NEWER) return schemaNewer(`PostgreSQL at ${location}`);
  const { reason, message, retryable, operator } = failureOf(error);
  const isMisconfigured = isOpening && operator === true;
  return new TokenError(
    isMisconfigured ? 'STORE_MISCONFIGURED' : 'STORE_UNAVAILABLE',
    `PostgreSQL at ${location} ${message}`,
    { reason, ...(isMisconfigured ? {} : { retryable: retryable ?? true }) },
  );
}

/** `what` and `found` are for an operator: which schema, and its version as far as it is known. */
export function schemaNewer(what: string, found?: number): TokenError {
  const version = found === undefined ? 'a schema of a newer version' : `version ${found}`;
  return new TokenError(
    'STORE_SCHEMA_NEWER',
    `${what} has ${version}, this program knows up to ${schemaVersion}. Update it: npm install @tokenkeep/store-postgres@latest`,
    { reason: 'schema_newer' },
  );
}

function failureOf(error: unknown): Failure {
  const state = sqlStateOf(error);
  if (state !== undefined) {
    return (
      sqlStates[state] ??
      sqlStates[state.slice(0, 2)] ?? {
        reason: 'driver_error',
        message: `failed with SQLSTATE ${state}. Look it up in the server's log`,
        retryable: false,
      }
    );
  }
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  const known = typeof code === 'string' ? systemCodes[code] : undefined;
  if (known !== undefined) return known;
  if (typeof code === 'string' && tlsCodes.test(code)) return noCode.tls(code);
  const text = typeof message === 'string' ? message : '';
  if (/^The server does not support SSL|^There was an error establishing an SSL/.test(text)) {
    return noCode.noTls;
  }
  if (/^(SASL|SCRAM)/.test(text)) return noCode.password;
  if (/timeout/.test(text)) return noCode.timeout;
  if (/^Connection terminated|not queryable|^Connection ended/.test(text)) return noCode.lost;
  if (/^Cannot use a pool after/.test(text)) return noCode.poolEnded;
  const shown = typeof code === 'string' && /^[A-Z0-9_]{1,60}$/.test(code) ? ` (${code})` : '';
  return {
    reason: 'driver_error',
    message: `could not be asked: the driver failed${shown}`,
    retryable: false,
  };
}
