import type { ElapsedTime } from '../clock/elapsed-time.js';
import { printable } from '../errors/printable.js';
import type { EventHub } from '../events/event-hub.js';
import type { BreakerState, HostBreaker } from '../guard/host-breaker.js';
import type { Parameters } from '../parameters/parameters.js';
import { scrub } from '../token/scrub.js';
import type { Secret } from '../token/secret.js';
import { tellingBreaker } from './telling-breaker.js';

/** The client of a provider that makes a request: the provider's own, or one that accounts bring. */
export interface AskingClient {
  /** Tells it from all others. In memory alone: it holds the identifier as it is. */
  readonly key: string;
  /** For people. */
  readonly name: string;
}

export function clientOfProvider(provider: string): AskingClient {
  return { key: provider, name: `client of ${provider}` };
}

/** @param secrets are taken out of its name: a plug-in may take one for an identifier */
export function clientOfAccount(
  provider: string,
  id: string,
  secrets: readonly Secret[],
): AskingClient {
  return {
    key: `${provider} ${id}`,
    // Every operation has a client, and next to none is ever named.
    get name() {
      return `client ${printable(scrub(id, secrets))} of ${provider}`;
    },
  };
}

interface Services {
  readonly parameters: Parameters;
  readonly events: EventHub;
  readonly elapsed: ElapsedTime;
}

/**
 * A breaker for each client that was rejected, in this process: no account that has it can do
 * better. Of clients that do well, or that nobody has any more, nothing is kept: there may be as
 * many as accounts, and more where identifiers change.
 */
export class ClientBreakers {
  readonly #breakers = new Map<string, { readonly name: string; readonly breaker: HostBreaker }>();
  #lookAgainAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly services: Services) {}

  /** Milliseconds until an operation of this client may begin; 0: now. */
  waitMs({ key }: AskingClient): number {
    return this.#breakers.get(key)?.breaker.waitMs(this.services.elapsed.now()) ?? 0;
  }

  rejected(client: AskingClient): void {
    const now = this.services.elapsed.now();
    // Not for each of a fleet whose clients are all rejected at once.
    if (now >= this.#lookAgainAt) this.#forgetOld(now);
    this.#breakerOf(client).failed(now);
  }

  accepted({ key }: AskingClient): void {
    this.#breakers.get(key)?.breaker.succeeded();
    this.#breakers.delete(key);
  }

  states(): { readonly host: string; readonly state: BreakerState }[] {
    this.#forgetOld(this.services.elapsed.now());
    return [...this.#breakers.values()].map(({ name, breaker }) => ({
      host: name,
      state: breaker.state,
    }));
  }

  #breakerOf(client: AskingClient): HostBreaker {
    const { services } = this;
    const known = this.#breakers.get(client.key);
    if (known !== undefined) return known.breaker;
    const { key, name } = client;
    const breaker = tellingBreaker(services, name, services.parameters.clientBreakerFailures);
    this.#breakers.set(key, { name, breaker });
    return breaker;
  }

  /** An account was removed, or its identifier corrected: nobody will be told yes or no again. */
  #forgetOld(now: number): void {
    this.#lookAgainAt = now + this.services.parameters.breakerMaxMs;
    for (const [key, { breaker }] of this.#breakers) {
      if (!breaker.isForgotten(now)) continue;
      breaker.succeeded();
      this.#breakers.delete(key);
    }
  }
}
