import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createTokenEngine,
  type Parameters as EngineParameters,
  scaleParameters,
  type TokenEngine,
  TokenError,
} from '@tokenkeep/core';
import { authRefresh } from '@tokenkeep/provider-auth-refresh';
import { keysOf, type StoreServer, type StoreSettings, storeOf } from '@tokenkeep/servers';
import {
  AuthRefreshAuthority,
  fingerprint,
  type LogEntry,
  type Rotation,
} from '@tokenkeep/testing';
import { person } from '../world.js';
import {
  EngineProcess,
  type EngineSettings,
  type ProcessOptions,
  type TokenThere,
} from './engine-process.js';

/** A tenth of real time, but for the gap: what a test asks next should not wait for it. */
export const quick: EngineParameters = { ...scaleParameters(0.1), gapMs: 20 };

type Authority = ConstructorParameters<typeof AuthRefreshAuthority>[0];
type ProviderOptions = Parameters<typeof authRefresh>[0];

export interface Kind {
  readonly rotation?: Rotation;
  readonly provider?: Partial<ProviderOptions>;
  /** Whether engines may log in again. Default true. */
  readonly credentials?: boolean;
  readonly accounts?: readonly string[];
  readonly rules?: NonNullable<Authority>['rules'];
  readonly parameters?: Partial<EngineParameters>;
}

/** One account server in real time, one store, and as many processes as a test wants. */
export class RealWorld implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'tokenkeep-processes-'));
  readonly path = join(this.folder, 'store', 'tokens.db');
  readonly store: StoreSettings;
  readonly server: AuthRefreshAuthority;
  readonly #kind: Kind;
  readonly #processes: EngineProcess[] = [];
  readonly #engines: TokenEngine[] = [];

  private constructor(kind: Kind, stores: Pick<StoreServer, 'newPlace'> | undefined) {
    this.#kind = kind;
    this.store = stores?.newPlace(this.folder) ?? { kind: 'sqlite', path: this.path };
    const { accounts = ['crm'], rotation = { kind: 'strict' }, rules } = kind;
    this.server = new AuthRefreshAuthority({
      accounts: accounts.map((name) => ({ accountId: name, ...personOf(name) })),
      rules: { rotation, ...rules },
    });
  }

  /** @param stores where tokens are kept; a SQLite file if nothing is given */
  static async begin(kind: Kind, stores?: Pick<StoreServer, 'newPlace'>): Promise<RealWorld> {
    const world = new RealWorld(kind, stores);
    await world.server.start();
    return world;
  }

  /** What every engine of this world is told. `login`: whatever the kind says of credentials. */
  settings(login = this.#kind.credentials ?? true): EngineSettings {
    const { provider, accounts = ['crm'], parameters = quick } = this.#kind;
    return {
      store: this.store,
      provider: { id: 'crm-api', baseUrl: this.server.url, ...provider },
      accounts: accounts.map((account) => ({
        provider: 'crm-api',
        account,
        ...(login ? { credentials: personOf(account) } : {}),
      })),
      parameters,
    };
  }

  /** An engine in this process, over the same store. */
  async engine(login?: boolean): Promise<TokenEngine> {
    const { store, provider, accounts, parameters } = this.settings(login);
    const engine = await createTokenEngine({
      ...keysOf(store),
      store: storeOf(store),
      providers: [authRefresh(provider as ProviderOptions)],
      accounts: accounts as never,
      parameters: parameters ?? {},
      allowInsecureLoopback: true,
    });
    this.#engines.push(engine);
    return engine;
  }

  /** The first pair, by an engine that may log in; it is gone when this resolves. */
  async logInFirst(): Promise<void> {
    const engine = await this.engine(true);
    await engine.getToken('crm');
    await engine.stop();
  }

  /** An engine in a process of its own. */
  async process(
    settings: Partial<EngineSettings> = {},
    options?: ProcessOptions,
  ): Promise<EngineProcess> {
    const child = new EngineProcess(options);
    this.#processes.push(child);
    await child.ask('open', { ...this.settings(), ...settings });
    return child;
  }

  /** Token requests so far, as the server counted them. */
  get tokenRequests(): readonly LogEntry[] {
    return this.server.log.where(({ operation }) => operation !== 'api');
  }

  /** The access token the server issued as this generation. */
  issued(generation: number, account = 'crm') {
    const sets = this.server.truth.tokens.of(account).flatMap((family) => family.sets);
    return sets.find((set) => set.generation === generation);
  }

  /** Whether a token is the one the server issued as this generation. */
  isIssued(token: TokenThere | { reveal(): string }, generation: number): boolean {
    const print = 'print' in token ? token.print : fingerprint(token.reveal());
    return print === fingerprint(this.issued(generation)?.accessToken ?? '');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#processes) await child.kill();
    for (const engine of this.#engines) await engine.stop({ deadlineMs: 2_000 });
    await this.server.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function personOf(account: string) {
  return { ...person, username: `${person.username}-${account}` };
}

/** Does what a well-behaved caller does with `retryAt`: comes back then. */
export async function whenAllowed<Value>(work: () => Promise<Value>): Promise<Value> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      const waitMs = TokenError.is(error) ? (error.retryAt ?? Infinity) - Date.now() : Infinity;
      if (waitMs > 10_000 || tries === 20) throw error;
      await sleep(Math.max(1, waitMs));
    }
  }
}

/** Waits until something is so at the server. */
export async function until(what: () => boolean, limitMs = 20_000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!what()) {
    if (performance.now() > end) throw new Error(`This did not come about: ${what}`);
    await sleep(10);
  }
}
