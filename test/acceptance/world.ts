import {
  type Clock,
  createTokenEngine,
  type EngineOptions,
  eventNames,
  memoryStore,
  nodeHttpExchange,
  type TokenEngine,
  type TokenEvents,
  type TokenProvider,
  type TokenStore,
} from '@tokenkeep/core';
import { authRefresh } from '@tokenkeep/provider-auth-refresh';
import { chatApp } from '@tokenkeep/provider-chatapp';
import { oauth20 } from '@tokenkeep/provider-oauth20';
import {
  AuthRefreshAuthority,
  ChatAppAuthority,
  OAuth20Authority,
  seededRandom,
  TestClock,
  trackedExchange,
} from '@tokenkeep/testing';

/** One event as a test reads it. */
export interface SeenEvent {
  readonly name: keyof TokenEvents;
  readonly facts: Record<string, unknown>;
}

/**
 * Virtual time around real HTTP: the engine and the authority live on one clock, and the server's
 * request log is the oracle.
 */
export class World implements AsyncDisposable {
  readonly clock = new TestClock({ startAt: Date.UTC(2026, 0, 1) });
  readonly store: TokenStore;
  readonly events: SeenEvent[] = [];
  readonly #engines: TokenEngine[] = [];
  readonly #servers: { stop(): Promise<void> }[] = [];

  constructor(store?: (clock: Clock) => TokenStore) {
    this.store = (store ?? memoryStore)(this.clock);
  }

  /** An engine over this world's store and clock: one process, as far as the rules go. */
  async engine(options: Partial<EngineOptions> & Pick<EngineOptions, 'accounts' | 'providers'>) {
    const { clock } = this;
    const engine = await createTokenEngine({
      store: this.store,
      clock,
      random: seededRandom(this.#engines.length + 1),
      exchange: trackedExchange(clock, nodeHttpExchange(clock)),
      keyring: [testKey],
      allowInsecureLoopback: true,
      ...options,
    });
    for (const name of eventNames) {
      engine.on(name, (facts) => this.events.push({ name, facts: { ...facts } }));
    }
    this.#engines.push(engine);
    return engine;
  }

  async serve<Server extends { start(): Promise<unknown>; stop(): Promise<void> }>(server: Server) {
    await server.start();
    this.#servers.push(server);
    return server;
  }

  /** Waits for a promise while virtual time goes on. */
  run<Value>(promise: PromiseLike<Value>, limitMs?: number): Promise<Value> {
    return this.clock.runUntil(promise, limitMs === undefined ? {} : { limitMs });
  }

  seen(name: keyof TokenEvents): SeenEvent['facts'][] {
    return this.events.filter((event) => event.name === name).map(({ facts }) => facts);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const engine of this.#engines) await this.run(engine.stop({ deadlineMs: 1_000 }));
    for (const server of this.#servers) await server.stop();
  }
}

/** A fixed key, so that engines of one test read each other's records. */
export const testKey = {
  id: 'test',
  bytes: Uint8Array.from({ length: 32 }, (_, index) => (index * 37 + 200) % 256),
};

export const person = { username: 'ada', password: 'correct horse battery' };

type AuthRefreshOptions = ConstructorParameters<typeof AuthRefreshAuthority>[0];

/** An authority with login and rotating refresh, its provider, and one account `crm`. */
export async function authRefreshWorld(
  world: World,
  setup: {
    readonly authority?: AuthRefreshOptions;
    readonly provider?: Partial<Parameters<typeof authRefresh>[0]>;
    readonly account?: Record<string, unknown>;
  } = {},
) {
  const server = await world.serve(
    new AuthRefreshAuthority({
      clock: world.clock,
      accounts: [{ accountId: 'crm', ...person }],
      ...setup.authority,
    }),
  );
  const provider = authRefresh({ id: 'crm-api', baseUrl: server.url, ...setup.provider });
  const account = {
    provider: 'crm-api',
    account: 'crm',
    credentials: person,
    ...setup.account,
  };
  return { server, providers: [provider as TokenProvider], accounts: [account] };
}

export const chatAppLogin = { email: 'ada@example.com', password: 'pw-4711', appId: 'app_1_1' };

type ChatAppOptions = ConstructorParameters<typeof ChatAppAuthority>[0];

export async function chatAppWorld(
  world: World,
  setup: {
    readonly authority?: ChatAppOptions;
    readonly provider?: Parameters<typeof chatApp>[0];
    readonly account?: Record<string, unknown>;
  } = {},
) {
  const server = await world.serve(
    new ChatAppAuthority({
      clock: world.clock,
      accounts: [{ accountId: 'crm', ...chatAppLogin }],
      ...setup.authority,
    }),
  );
  const provider = chatApp({ baseUrl: server.url, ...setup.provider });
  const account = {
    provider: 'chatapp',
    account: 'crm',
    credentials: chatAppLogin,
    ...setup.account,
  };
  return { server, providers: [provider as TokenProvider], accounts: [account] };
}

export const shopClient = { clientId: 'shop-key', clientSecret: 'shop secret:+%' };

type OAuth20Options = ConstructorParameters<typeof OAuth20Authority>[0];

export async function oauth20World(
  world: World,
  setup: {
    readonly authority?: OAuth20Options;
    readonly provider?: Partial<Parameters<typeof oauth20>[0]>;
    readonly account?: Record<string, unknown>;
  } = {},
) {
  const server = await world.serve(
    new OAuth20Authority({
      clock: world.clock,
      accounts: [{ accountId: 'shop', ...shopClient }],
      ...setup.authority,
    }),
  );
  const provider = oauth20({ id: 'shop-api', baseUrl: server.url, ...setup.provider });
  const account = {
    provider: 'shop-api',
    account: 'shop',
    credentials: shopClient,
    ...setup.account,
  };
  return { server, providers: [provider as TokenProvider], accounts: [account] };
}
