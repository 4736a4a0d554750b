import {
  type AccessToken,
  createTokenEngine,
  memoryStore,
  newSealingKey,
  systemRandom,
  type TokenEngine,
  type TokenProvider,
} from '@tokenkeep/core';
import type { TestClock } from '../../../clock/test-clock.js';
import type { Fault } from '../../../server/faults/fault.js';
import { depart } from '../departure.js';
import { type GrantOperation, grantOf } from '../provider-facts.js';
import type { ProviderScene } from './provider-scene.js';
import { carries } from './provider-scene.js';
import { mintTokens, type StageTokens } from './sample-tokens.js';
import { sent } from './sent-reply.js';
import { WatchedCall } from './watched-call.js';

/** An engine with one account, at a server that knows which refresh token lives. */
export class EngineStage {
  newest: StageTokens | undefined;
  readonly #counts = { obtain: 0, refresh: 0 };
  readonly #instead = new Map<GrantOperation, Fault>();
  #operation: GrantOperation = 'obtain';
  #step = 0;

  private constructor(
    private readonly scene: ProviderScene,
    readonly engine: TokenEngine,
  ) {
    scene.server.begin((request) => this.#answer((token) => carries(request, token)));
  }

  static async open(scene: ProviderScene): Promise<EngineStage> {
    const { clock, exchange, tests } = scene;
    await scene.credentials();
    const provider = atWork(scene.provider, clock);
    const store = memoryStore(clock);
    const engine = await createTokenEngine({
      // It lives as long as the rule does, and nobody needs to be warned of that.
      store: Object.assign(store, { traits: { ...store.traits, durable: true } }),
      keyring: [newSealingKey(systemRandom())],
      clock,
      exchange,
      allowInsecureLoopback: true,
      providers: [provider],
      accounts: [{ provider: provider.id, account: 'account', credentials: tests.credentials }],
    });
    return new EngineStage(scene, engine);
  }

  /** Whether the last reply brought one. */
  get hadRefreshToken(): boolean {
    const { newest = mintTokens() } = this;
    const reply = this.scene.goodReply(this.#operation, newest);
    return JSON.stringify(reply).includes(newest.refresh);
  }

  token(): Promise<AccessToken> {
    return this.engine.getToken('account');
  }

  /** @throws Departure where the engine has no token for them */
  async both<Tokens extends readonly Promise<AccessToken>[]>(...tokens: Tokens) {
    try {
      return await this.scene.clock.runUntil(Promise.all(tokens));
    } catch (error) {
      const { code, reason } = error as { code?: string; reason?: string };
      return depart(
        `The engine hands out no token: ${code ?? String(error)} (${reason ?? 'no reason'})`,
      );
    }
  }

  /** What a caller is told in place of a token. */
  refusal(): Promise<unknown> {
    const told = this.token().then(
      () => undefined,
      (error: unknown) => error,
    );
    return this.scene.clock.runUntil(told);
  }

  /** Operations that were begun. */
  count(operation: GrantOperation): number {
    return this.#counts[operation];
  }

  /** From now on the server says this to an operation. */
  instead(operation: GrantOperation, reply: Fault): void {
    this.#instead.set(operation, reply);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.scene.clock.runUntil(this.engine.stop());
  }

  #answer(carried: (token: string) => boolean): Fault {
    const { described } = this.scene;
    const { newest } = this;
    const later = grantOf(described, this.#operation).followedBy?.[this.#step];
    if (newest !== undefined && later !== undefined) {
      this.#step += 1;
      return sent(later.ok?.(this.scene.sample(newest)) ?? {});
    }
    const refreshes = newest !== undefined && carried(newest.refresh);
    this.#operation = refreshes ? 'refresh' : 'obtain';
    this.#step = 0;
    this.#counts[this.#operation] += 1;
    const instead = this.#instead.get(this.#operation);
    if (instead !== undefined) return instead;
    this.newest = mintTokens();
    return sent(this.scene.goodReply(this.#operation, this.newest));
  }
}

/** The provider, with the virtual time standing still while it computes. */
function atWork(provider: TokenProvider, clock: TestClock): TokenProvider {
  const watched: Partial<TokenProvider> = {
    obtain: (credentials, lent) => {
      const call = new WatchedCall(lent, clock);
      return call.during(() => provider.obtain(credentials, call));
    },
    refresh: (token, lent, credentials) => {
      const call = new WatchedCall(lent, clock);
      return call.during(async () => {
        if (provider.refresh === undefined) throw new TypeError('there is no refresh()');
        return provider.refresh(token, call, credentials);
      });
    },
    revoke: (tokens, lent, credentials) => {
      const call = new WatchedCall(lent, clock);
      return call.during(async () => provider.revoke?.(tokens, call, credentials));
    },
  };
  return new Proxy(provider, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return Reflect.get(watched, name) ?? member.bind(target);
    },
  });
}
