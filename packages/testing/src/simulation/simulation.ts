import type { EpochMs, ProviderProfile } from '@tokenkeep/core';
import type { ServerTime } from '../server/server-time.js';
import { type HostClocks, SimHost } from './host/sim-host.js';
import { SimProcess } from './host/sim-process.js';
import { Kernel } from './kernel/kernel.js';
import type { TraceLine } from './kernel/trace.js';
import type { AnyAuthority, SimServer } from './network/send.js';
import { SimNetwork } from './network/sim-network.js';
import { Service, type ServiceOptions } from './service.js';
import { SimStore, type SimStoreOptions } from './store/sim-store.js';
import type { Watcher } from './watcher.js';
import type { Telling, World } from './world.js';

export interface SimulationOptions {
  /** The same seed plays the same run. Default 1. */
  readonly seed?: number | string;
  /** True time at the start, ms since 1970. Default 2025-01-01T00:00:00Z. */
  readonly startAt?: EpochMs;
  /** Of the store all services share; with `embedded`, it lives on the host of that name. */
  readonly store?: Omit<SimStoreOptions, 'embeddedIn'> & { readonly embeddedIn?: string };
}

/** A promise of the engine that did not hold. */
export interface Violation {
  /** `I1` to `I16`. */
  readonly invariant: string;
  readonly message: string;
  /** True ms since the simulation began. */
  readonly at: number;
}

/**
 * A world in which time is an event queue: machines with clocks and disks, processes that die and
 * pause at any await, a store, a network, and the real scripted authorities behind it. The engines
 * in it are the shipped ones.
 */
export class Simulation implements World {
  readonly kernel: Kernel;
  readonly network: SimNetwork;
  readonly store: SimStore;
  readonly hosts = new Map<string, SimHost>();
  readonly violations: Violation[] = [];
  /** What servers live by, and what a faultless wall clock shows. */
  readonly time: ServerTime;
  readonly #startAt: EpochMs;
  readonly #watchers = new Set<Watcher>();
  readonly #profiles = new Map<string, ProviderProfile>();
  #lives = 0;

  constructor(options: SimulationOptions = {}) {
    const { seed = 1, startAt = Date.UTC(2025, 0, 1), store = {} } = options;
    this.kernel = new Kernel(seed);
    this.#startAt = startAt;
    this.time = {
      now: () => Math.floor(startAt + this.now),
      sleep: (ms) => this.sleep(ms),
      hold: () => ({ [Symbol.dispose]: () => {} }),
    };
    const { embeddedIn, ...storeOptions } = store;
    this.store = new SimStore(this.kernel, {
      ...storeOptions,
      ...(embeddedIn === undefined ? {} : { embeddedIn: this.host(embeddedIn) }),
    });
    this.network = new SimNetwork(this.kernel);
    this.store.onChange.add(({ before, after }) => {
      if (after.kind === 'account') this.tell('changed', after.id, before, after);
    });
  }

  /** True ms since the beginning. */
  get now(): number {
    return this.kernel.now;
  }

  /** A machine; the same name is the same machine. */
  host(name: string, clocks: Partial<HostClocks> = {}): SimHost {
    const known = this.hosts.get(name);
    if (known !== undefined) return known;
    const host = new SimHost(this.kernel, name, { wallMs: this.#startAt, rate: 1, ...clocks });
    this.hosts.set(name, host);
    return host;
  }

  /** Puts a scripted authority behind an origin, such as `https://crm.test`. */
  serve<Server extends AnyAuthority>(
    origin: string,
    make: (time: ServerTime) => Server,
  ): SimServer & { readonly authority: Server } {
    const server = this.network.serve(origin, make(this.time));
    return server as SimServer & { readonly authority: Server };
  }

  /** Begins a life of a service; its engine opens while the simulation plays. */
  service(name: string, options: ServiceOptions): Service {
    this.#lives += 1;
    for (const { profile } of options.providers) {
      for (const origin of profile.apiOrigins) this.#profiles.set(origin, profile);
    }
    const host = options.host ?? this.host(name);
    const process = new SimProcess(host, `${name}#${this.#lives}`);
    this.note(process.id, 'started');
    return new Service(this, name, process, options);
  }

  /** The same, and plays until its engine is open. */
  async start(name: string, options: ServiceOptions): Promise<Service> {
    return this.playUntil(this.service(name, options).open());
  }

  /** What the services' providers say about the server behind an origin. */
  profileOf(origin: string): ProviderProfile | undefined {
    return this.#profiles.get(origin);
  }

  /** The server behind this origin is asked by a provider with this profile. */
  know(origin: string, profile: ProviderProfile): void {
    this.#profiles.set(origin, profile);
  }

  watch(watcher: Watcher): this {
    this.#watchers.add(watcher);
    this.network.watchers.add(watcher);
    return this;
  }

  tell<Name extends Telling>(name: Name, ...facts: Parameters<NonNullable<Watcher[Name]>>): void {
    for (const watcher of this.#watchers) {
      (watcher[name] as ((...facts: unknown[]) => void) | undefined)?.call(watcher, ...facts);
    }
  }

  violate(invariant: string, message: string): void {
    this.note('oracle', `${invariant} violated`);
    this.violations.push({ invariant, message, at: this.now });
  }

  note(actor: string, what: string, account?: string, generation?: number): void {
    this.kernel.note(actor, what, account, generation);
  }

  /** Resolves after `ms` of true time: for scripts, which no process's pause touches. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.kernel.after(ms, () => {
        this.kernel.resumed();
        resolve();
      });
    });
  }

  /** Plays `ms` of true time, or until something is violated if `stopsAtViolation`. */
  async play(ms: number, stopsAtViolation = false): Promise<void> {
    const known = this.violations.length;
    const stops = () => stopsAtViolation && this.violations.length > known;
    await this.kernel.playUntil(this.now + ms, stops);
  }

  /**
   * Plays until a promise settles.
   *
   * @throws what it rejects with; Error after `limitMs`, default a day.
   */
  async playUntil<Value>(promise: PromiseLike<Value>, limitMs = 86_400_000): Promise<Value> {
    const state = { settled: false };
    const note = () => {
      state.settled = true;
    };
    promise.then(note, note);
    await this.kernel.playUntil(this.now + limitMs, () => state.settled);
    if (!state.settled) throw new Error(`It is not settled after ${limitMs} simulated ms.`);
    return promise;
  }

  /** The last things that happened, oldest first. */
  recent(count?: number): readonly TraceLine[] {
    return this.kernel.trace.last(count);
  }
}
