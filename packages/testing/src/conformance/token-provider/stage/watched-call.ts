import { type ProviderCall, TokenError, type TokenReply, type TokenRequest } from '@tokenkeep/core';
import type { TestClock } from '../../../clock/test-clock.js';
import { Departure } from '../departure.js';
import { inside, outside, StrayWork } from './stray-work.js';

export const keepsNothing =
  'A provider keeps no state, starts no timer, reads no clock, and sends only through the `call` it is handed.';
export const lateSeen = 'A request is sent by the `call` of an operation that has ended';

/** One `send` of a provider, and what came of it. */
export interface Send {
  readonly request: TokenRequest;
  reply?: TokenReply;
  error?: unknown;
}

export interface WatchedCallOptions {
  /** Aborts the operation, as its limit would. */
  readonly cut?: AbortSignal;
  /** What becomes of every request, before a byte of it is sent. */
  readonly unsent?: unknown;
  /** Holds each request back. */
  readonly gate?: (request: TokenRequest) => Promise<void>;
  /** How far the clock of the machine is ahead, ms. */
  readonly aheadMs?: number;
}

/** The engine's call, which also remembers what it was asked. */
export class WatchedCall implements ProviderCall {
  readonly sends: Send[] = [];
  /** What was asked for before, and is kept apart: it is no part of the operation. */
  readonly preliminary: Send[] = [];
  readonly target: ProviderCall['target'];
  readonly signal: AbortSignal;
  readonly credentialsError?: TokenError;
  readonly stray: StrayWork;
  /** It was asked to send when its operation was over. */
  late = false;
  #ended = false;
  #underWay = 0;
  #atWork: (() => void) | undefined;

  constructor(
    private readonly call: ProviderCall,
    private readonly clock: TestClock,
    private readonly options: WatchedCallOptions = {},
  ) {
    const { cut, aheadMs } = options;
    this.stray = new StrayWork(aheadMs);
    this.target = call.target;
    if (call.credentialsError !== undefined) this.credentialsError = call.credentialsError;
    this.signal = cut === undefined ? call.signal : AbortSignal.any([call.signal, cut]);
  }

  lifetimeUntil(endsAt: number | undefined, reply: TokenReply): number | undefined {
    return this.call.lifetimeUntil(endsAt, reply);
  }

  nothingProcessed(): void {
    this.call.nothingProcessed();
  }

  send(request: TokenRequest): Promise<TokenReply> {
    const reply = this.#send(request);
    // Who forgets to await it must not end the process.
    reply.catch(() => {});
    return reply;
  }

  async #send(request: TokenRequest): Promise<TokenReply> {
    if (this.#ended) {
      this.late = true;
      throw new Departure(lateSeen, keepsNothing);
    }
    const send: Send = { request };
    (request.preliminary ? this.preliminary : this.sends).push(send);
    this.#underWay += 1;
    this.#rest();
    try {
      send.reply = await outside(() => untilAborted(this.#deliver(request), this.signal));
      return send.reply;
    } catch (error) {
      send.error = error;
      throw error;
    } finally {
      this.#underWay -= 1;
      this.#work();
    }
  }

  /**
   * Runs an operation. While it computes (it may sign something) the virtual time stands still; while
   * a request is under way, whoever holds that back decides.
   */
  async during<Result>(operation: () => Promise<Result>): Promise<Result> {
    this.#work();
    try {
      return await inside(this.stray, operation);
    } finally {
      this.#ended = true;
      this.#rest();
    }
  }

  async #deliver(request: TokenRequest): Promise<TokenReply> {
    const { gate, unsent } = this.options;
    await gate?.(request);
    if (unsent !== undefined) throw unsent;
    return this.call.send(request);
  }

  #work(): void {
    if (this.#underWay > 0 || this.#atWork !== undefined) return;
    void this.clock.track(
      new Promise<void>((resolve) => {
        this.#atWork = resolve;
      }),
    );
  }

  #rest(): void {
    this.#atWork?.();
    this.#atWork = undefined;
  }
}

/** What the engine says of a request that it gave up. */
function untilAborted<Result>(reply: Promise<Result>, signal: AbortSignal): Promise<Result> {
  reply.catch(() => {});
  return new Promise((resolve, reject) => {
    const abort = () => reject(givenUp());
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    reply.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

function givenUp(): TokenError {
  return new TokenError(
    'PROVIDER_OUTCOME_UNKNOWN',
    'The authorization server was not waited for. The request may have been processed.',
    { retryable: true, reason: 'aborted' },
  );
}
