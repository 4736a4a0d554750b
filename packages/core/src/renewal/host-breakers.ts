import type { EventHub } from '../events/event-hub.js';
import { HostBreaker } from '../guard/host-breaker.js';
import { RetryQuota } from '../guard/retry-quota.js';
import type { Parameters } from '../parameters/parameters.js';

/** Breakers per origin and per client, and one retry quota per provider, in this process. */
export class HostBreakers {
  readonly #breakers = new Map<string, HostBreaker>();
  readonly #quotas = new Map<string, RetryQuota>();

  constructor(
    private readonly parameters: Parameters,
    private readonly events: EventHub,
  ) {}

  of(origin: string): HostBreaker {
    return this.#breaker(origin, this.parameters.breakerFailures);
  }

  /** Opens where a server rejects the operator's client: no account of it can do better. */
  ofClient(provider: string): HostBreaker {
    return this.#breaker(`client of ${provider}`, this.parameters.clientBreakerFailures);
  }

  quotaOf(provider: string): RetryQuota {
    const known = this.#quotas.get(provider) ?? new RetryQuota(this.parameters.retryQuota);
    this.#quotas.set(provider, known);
    return known;
  }

  states(): { readonly host: string; readonly state: HostBreaker['state'] }[] {
    return [...this.#breakers].map(([host, { state }]) => ({ host, state }));
  }

  #breaker(host: string, mostFailures: number): HostBreaker {
    const known = this.#breakers.get(host);
    if (known !== undefined) return known;
    const made = new HostBreaker(this.parameters, mostFailures, (state) =>
      this.events.emit('breaker:changed', { host, state }),
    );
    this.#breakers.set(host, made);
    return made;
  }
}
