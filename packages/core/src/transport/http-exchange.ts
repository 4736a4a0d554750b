/**
 * One request and one reply, on a connection of its own. The port below the engine's hardened
 * call: production uses `nodeHttpExchange`, a simulation its own network.
 */
export interface HttpExchange {
  /**
   * Connects, then awaits `hooks.onConnected()`, then writes. No redirect, retry or cookie.
   *
   * @throws ExchangeError, which says whether a byte may have left
   */
  send(request: ExchangeRequest, hooks: ExchangeHooks): Promise<ExchangeReply>;
}

export interface ExchangeRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly connectTimeoutMs: number;
  /** For the whole exchange, connecting included. */
  readonly timeoutMs: number;
  /** After decoding. */
  readonly maxBodyBytes: number;
  readonly signal: AbortSignal;
}

export interface ExchangeHooks {
  /** The connection stands and TLS is up; not one byte of the request has been written. */
  onConnected(): Promise<void>;
  /** For tests that kill the process: the head has been written, or the reply has begun. */
  onProgress?(step: 'head-written' | 'reply-begun'): void;
}

export interface ExchangeReply {
  readonly status: number;
  /** Lower-case names; a header sent twice has both values. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly body: Uint8Array;
}

/** Why an exchange did not end with a reply that can be read. */
export type ExchangeFailure =
  | 'address_blocked'
  | 'connect'
  | 'dns'
  | 'tls'
  | 'timeout'
  | 'reset'
  | 'truncated'
  | 'oversized'
  | 'encoding'
  | 'malformed'
  | 'aborted'
  | 'not_admitted';

export class ExchangeError extends Error {
  constructor(
    readonly failure: ExchangeFailure,
    /** `no`: provably not one byte of the request left this process. */
    readonly sent: 'no' | 'maybe',
    /** What `onConnected` threw, for `not_admitted`. */
    override readonly cause?: unknown,
  ) {
    super(`The exchange failed: ${failure}`);
    this.name = 'ExchangeError';
  }
}
