import type { ElapsedTime } from '../clock/elapsed-time.js';
import type { EventHub } from '../events/event-hub.js';
import type { HostBreaker } from '../guard/host-breaker.js';
import { RetryQuota } from '../guard/retry-quota.js';
import type { Parameters } from '../parameters/parameters.js';
import { ClientBreakers } from './client-breakers.js';
import type { HostOutages } from './host-outages.js';
import { tellingBreaker } from './telling-breaker.js';

interface Services {
  readonly parameters: Parameters;
  readonly events: EventHub;
  readonly elapsed: ElapsedTime;
  readonly outages: HostOutages;
}

/**
 * Breakers per origin and per client, and one retry quota per provider, in this process. What it
 * finds out about a host it tells the others through the store, and asks them where it has reason
 * to: before its first request, and after a failure. A host that answers costs the store nothing.
 */
export class HostBreakers {
  readonly clients: ClientBreakers;
  readonly #hosts = new Map<string, HostBreaker>();
  readonly #quotas = new Map<string, RetryQuota>();

  constructor(private readonly services: Services) {
    this.clients = new ClientBreakers(services);
  }

  /** Milliseconds until a token request may go to this host; 0: now. */
  async waitMs(origin: string): Promise<number> {
    const { elapsed, outages } = this.services;
    const host = this.#host(origin);
    const ownMs = host.waitMs(elapsed.now());
    if (ownMs > 0 || host.isTrusted) return ownMs;
    const sharedMs = await outages.waitMs(origin);
    if (sharedMs > 0) host.leaveAlone(elapsed.now() + sharedMs);
    return sharedMs;
  }

  failed(origin: string): void {
    const { elapsed, outages } = this.services;
    const host = this.#host(origin);
    const wasOpen = host.state === 'open';
    host.failed(elapsed.now());
    if (host.state === 'open' && !wasOpen) void outages.began(origin);
  }

  succeeded(origin: string): void {
    const host = this.#host(origin);
    const { isTrusted, state } = host;
    host.succeeded();
    if (!isTrusted && state !== 'closed') void this.services.outages.ended(origin);
  }

  quotaOf(provider: string): RetryQuota {
    const known = this.#quotas.get(provider) ?? new RetryQuota(this.services.parameters.retryQuota);
    this.#quotas.set(provider, known);
    return known;
  }

  states(): { readonly host: string; readonly state: HostBreaker['state'] }[] {
    const hosts = [...this.#hosts].map(([host, { state }]) => ({ host, state }));
    return [...hosts, ...this.clients.states()];
  }

  #host(origin: string): HostBreaker {
    const { services } = this;
    const known = this.#hosts.get(origin);
    if (known !== undefined) return known;
    const made = tellingBreaker(services, origin, services.parameters.breakerFailures);
    this.#hosts.set(origin, made);
    return made;
  }
}
