import type { EventHub } from '../events/event-hub.js';
import { HostBreaker } from '../guard/host-breaker.js';
import { RetryQuota } from '../guard/retry-quota.js';
import type { Parameters } from '../parameters/parameters.js';

/** One breaker per origin this process talks to, and one retry quota per provider. */
export class HostBreakers {
  readonly #breakers = new Map<string, HostBreaker>();
  readonly #quotas = new Map<string, RetryQuota>();

  constructor(
    private readonly parameters: Parameters,
    private readonly events: EventHub,
  ) {}

  of(origin: string): HostBreaker {
    const known = this.#breakers.get(origin);
    if (known !== undefined) return known;
    const made = new HostBreaker(this.parameters, (state) =>
      this.events.emit('breaker:changed', { host: origin, state }),
    );
    this.#breakers.set(origin, made);
    return made;
  }

  quotaOf(provider: string): RetryQuota {
    const known = this.#quotas.get(provider) ?? new RetryQuota(this.parameters.retryQuota);
    this.#quotas.set(provider, known);
    return known;
  }

  states(): { readonly host: string; readonly state: HostBreaker['state'] }[] {
    return [...this.#breakers].map(([host, { state }]) => ({ host, state }));
  }
}
