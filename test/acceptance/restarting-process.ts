import {
  createTokenEngine,
  type EngineOptions,
  nodeHttpExchange,
  type TokenEngine,
  type TokenStore,
} from '@tokenkeep/core';
import { seededRandom, trackedExchange } from '@tokenkeep/testing';
import { testKey, type World } from './world.js';

type Options = Partial<EngineOptions> & Pick<EngineOptions, 'accounts' | 'providers'>;

/**
 * One process after the other over a world's store. `kill` is SIGKILL: nothing the engine waits
 * for comes back any more, be it a sleep, a reply or the store. `stop` is a deploy.
 */
export class RestartingProcess {
  #alive = { is: true };
  #starts = 0;
  #engine: TokenEngine | undefined;

  constructor(
    private readonly world: World,
    private readonly options: Options,
  ) {}

  get engine(): TokenEngine {
    if (this.#engine === undefined) throw new Error('No process has been started.');
    return this.#engine;
  }

  async start(): Promise<TokenEngine> {
    const { clock, store } = this.world;
    const life = { is: true };
    this.#alive = life;
    this.#starts += 1;
    const exchange = trackedExchange(clock, nodeHttpExchange(clock));
    this.#engine = await createTokenEngine({
      store: mortal(durable(store), life),
      clock: mortal(clock, life),
      random: seededRandom(this.#starts),
      exchange: mortal(exchange, life),
      keyring: [testKey],
      allowInsecureLoopback: true,
      ...this.options,
    });
    return this.#engine;
  }

  kill(): void {
    this.#alive.is = false;
    forgetEngines();
  }

  async stop(): Promise<void> {
    await this.world.run(this.engine.stop());
  }
}

/** The same object until its process dies: then its promises never settle. */
function mortal<Port extends object>(port: Port, life: { readonly is: boolean }): Port {
  return new Proxy(port, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        const result: unknown = Reflect.apply(member, target, args);
        if (!(result instanceof Promise)) return result;
        return new Promise((resolve, reject) => {
          result.then(
            (value) => life.is && resolve(value),
            (error) => life.is && reject(error),
          );
        });
      };
    },
  });
}

/** The world's store outlives the process, and says so: no warning at each of 1,440 starts. */
function durable(store: TokenStore): TokenStore {
  return new Proxy(store, {
    get(target, name) {
      if (name === 'traits') return { ...target.traits, durable: true };
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

/** The list of engines of one process dies with it. */
function forgetEngines(): void {
  const engines = Symbol.for('tokenkeep.engines');
  (globalThis as unknown as Record<symbol, Map<string, number> | undefined>)[engines]?.clear();
}
