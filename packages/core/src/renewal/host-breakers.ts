import type { ElapsedTime } from '../clock/elapsed-time.js';
import type { EventHub } from '../events/event-hub.js';
import { HostBreaker } from '../guard/host-breaker.js';
import { RetryQuota } from '../guard/retry-quota.js';
import type { Parameters } from '../parameters/parameters.js';
import type { HostOutages } from './host-outages.js';

interface Services {
  readonly parameters: Parameters;
  readonly events: EventHub;
  readonly elapsed: ElapsedTime;
  readonly outages: HostOutages;
}

/** A client of a provider: one of its accounts', or (without an id) the provider's own. */
export interface AskingClient {
  readonly provider: string;
  readonly id: string | undefined;
}

export function nameOfClient({ provider, id }: AskingClient): string {
  return id === undefined ? `client of ${provider}` : `client ${id} of ${provider}`;
}

/**
 * Breakers per origin and per client, and one retry quota per provider, in this process. What it
 * finds out about a host it tells the others through the store, and asks them where it has reason
 * to: before its first request, and after a failure. A host that answers costs the store nothing.
 */
export class HostBreakers {
  readonly #hosts = new Map<string, HostBreaker>();
  readonly #clients = new Map<string, HostBreaker>();
  readonly #quotas = new Map<string, RetryQuota>();

  constructor(private readonly services: Services) {}

  /** Milliseconds until a token request of this client may be made; 0: now. */
  clientWaitMs(client: AskingClient): number {
    return this.#clients.get(nameOfClient(client))?.waitMs(this.services.elapsed.now()) ?? 0;
  }

  /** Milliseconds until a token request may go to this host; 0: now. */
  async hostWaitMs(origin: string): Promise<number> {
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

  /** A server that rejects a client: no account that has it can do better. */
  clientRejected(client: AskingClient): void {
    const { clientBreakerFailures } = this.services.parameters;
    const name = nameOfClient(client);
    this.#breaker(this.#clients, name, clientBreakerFailures).failed(this.services.elapsed.now());
  }

  /** Nothing is kept of clients that do well: there may be as many as accounts. */
  clientAccepted(client: AskingClient): void {
    const name = nameOfClient(client);
    this.#clients.get(name)?.succeeded();
    this.#clients.delete(name);
  }

  quotaOf(provider: string): RetryQuota {
    const known = this.#quotas.get(provider) ?? new RetryQuota(this.services.parameters.retryQuota);
    this.#quotas.set(provider, known);
    return known;
  }

  states(): { readonly host: string; readonly state: HostBreaker['state'] }[] {
    return [...this.#hosts, ...this.#clients].map(([host, { state }]) => ({ host, state }));
  }

  #host(origin: string): HostBreaker {
    return this.#breaker(this.#hosts, origin, this.services.parameters.breakerFailures);
  }

  #breaker(all: Map<string, HostBreaker>, host: string, mostFailures: number): HostBreaker {
    const { parameters, events } = this.services;
    const known = all.get(host);
    if (known !== undefined) return known;
    const made = new HostBreaker(parameters, mostFailures, (state) =>
      events.emit('breaker:changed', { host, state }),
    );
    all.set(host, made);
    return made;
  }
}
