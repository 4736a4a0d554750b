import { TestClock } from '@tokenkeep/testing';
import {
  ExchangeError,
  type ExchangeHooks,
  type ExchangeReply,
  type ExchangeRequest,
} from '../src/transport/http-exchange.js';
import { nodeHttpExchange } from '../src/transport/node-http-exchange.js';

/** One exchange on a clock of its own. */
export class TestExchange {
  readonly clock = new TestClock();
  readonly #aborts: AbortController[] = [];

  constructor(readonly url: URL) {}

  start(request: Partial<ExchangeRequest> = {}, hooks: Partial<ExchangeHooks> = {}) {
    const abort = new AbortController();
    this.#aborts.push(abort);
    const reply = nodeHttpExchange(this.clock).send(
      {
        method: 'POST',
        url: this.url,
        headers: { 'Content-Type': 'application/json' },
        body: '{}',
        connectTimeoutMs: 5_000,
        timeoutMs: 10_000,
        maxBodyBytes: 1_024,
        signal: abort.signal,
        ...request,
      },
      { onConnected: async () => {}, ...hooks },
    );
    reply.catch(() => {});
    return reply;
  }

  abort(): void {
    for (const abort of this.#aborts) abort.abort();
  }

  send(request?: Partial<ExchangeRequest>, hooks?: Partial<ExchangeHooks>): Promise<ExchangeReply> {
    return this.start(request, hooks);
  }
}

/** How an exchange failed, e.g. `reset/maybe`; the status of one that did not. */
export async function endOf(reply: Promise<ExchangeReply>): Promise<string> {
  try {
    return `status ${(await reply).status}`;
  } catch (error) {
    if (error instanceof ExchangeError) return `${error.failure}/${error.sent}`;
    throw error;
  }
}
