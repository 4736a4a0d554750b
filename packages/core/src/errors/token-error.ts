import { inspect } from 'node:util';
import type { EpochMs } from '../clock/clock.js';
import type { ErrorCode } from './error-code.js';
import { printable } from './printable.js';

const brand = Symbol.for('tokenkeep.error');

/** Why a request was not made, or what the server said, in words that can be matched on. */
export interface TokenErrorDetails {
  /** True when the same call may succeed later without anybody changing anything. */
  retryable?: boolean;
  /** When the engine will, or will let you, try again: wall-clock milliseconds. */
  retryAt?: EpochMs;
  provider?: string;
  account?: string;
  /** A stable sub-reason in snake_case, e.g. `rotation_lost`, `backoff`, `not_json`. */
  reason?: string;
  /** HTTP status of the reply the error is about. */
  status?: number;
  /** RFC 6749 section 5.2 `error`, or the vendor's code, cleaned of control characters. */
  providerCode?: string;
  /** RFC 6749 section 5.2 `error_description`, cleaned and cut. */
  providerMessage?: string;
  attemptId?: string;
  cause?: unknown;
}

const detailNames = [
  'retryable',
  'retryAt',
  'provider',
  'account',
  'reason',
  'status',
  'providerCode',
  'providerMessage',
  'attemptId',
  'cause',
] as const satisfies readonly (keyof TokenErrorDetails)[];

/**
 * The one error type of every Tokenkeep package. Branded, so recognise it with `TokenError.is()`:
 * `instanceof` fails across two copies of the package. Carries no token, body or credential.
 */
export class TokenError extends Error {
  static is<Code extends ErrorCode>(
    value: unknown,
    code?: Code,
  ): value is TokenError & { readonly code: Code } {
    return (
      typeof value === 'object' &&
      value !== null &&
      (value as Record<symbol, unknown>)[brand] === true &&
      (code === undefined || (value as TokenError).code === code)
    );
  }

  readonly code: ErrorCode;
  readonly retryable: boolean;
  declare readonly retryAt?: EpochMs;
  declare readonly provider?: string;
  declare readonly account?: string;
  declare readonly reason?: string;
  declare readonly status?: number;
  declare readonly providerCode?: string;
  declare readonly providerMessage?: string;
  declare readonly attemptId?: string;

  constructor(code: ErrorCode, message: string, details: TokenErrorDetails = {}) {
    const { cause, retryable = false, ...facts } = details;
    super(printable(message, 2_000), cause === undefined ? undefined : { cause });
    Object.defineProperty(this, brand, { value: true });
    Object.defineProperty(this, 'name', { value: 'TokenError', configurable: true });
    this.code = code;
    this.retryable = retryable;
    for (const name of detailNames) {
      const value = (facts as TokenErrorDetails)[name];
      if (value === undefined) continue;
      const shown = typeof value === 'string' ? printable(value) : value;
      Object.defineProperty(this, name, { value: shown, enumerable: true });
    }
  }

  /** The same error with the account and provider it happened to. */
  withContext(context: Pick<TokenErrorDetails, 'provider' | 'account' | 'attemptId'>): TokenError {
    const copy = new TokenError(this.code, this.message, { ...context, ...this.details() });
    if (this.stack !== undefined) copy.stack = this.stack;
    return copy;
  }

  /** Every public fact, for logs and for making a related error. What others hung on is none. */
  details(): TokenErrorDetails {
    const facts = detailNames.map((name) => [name, this[name]] as const);
    return Object.fromEntries(facts.filter(([, value]) => value !== undefined));
  }

  [inspect.custom](): string {
    const { cause: _cause, ...facts } = this.details();
    return `${this.stack ?? this.message} ${inspect({ code: this.code, ...facts })}`;
  }
}
