import {
  type CrashPoint,
  type EngineOptions,
  type Escrow,
  type Holder,
  type HttpExchange,
  nodeHttpExchange,
  type TokenEngine,
  type TokenStore,
} from '@tokenkeep/core';
import { type TestClock, trackedExchange } from '@tokenkeep/testing';
import type { World } from './world.js';

type Options = Partial<EngineOptions> & Pick<EngineOptions, 'accounts' | 'providers'>;

/** Processes on one machine: each knows which of the others no longer runs. */
export class Machine {
  readonly #gone = new Set<string>();

  constructor(private readonly world: World) {}

  process(name: string): MortalProcess {
    const holder: Holder = { id: name, isGone: (id) => this.#gone.has(id) };
    return new MortalProcess(this.world, holder, () => this.#gone.add(name));
  }
}

/**
 * One process as far as store and server can tell. Once killed it neither reads nor writes
 * anything any more, whatever its code goes on doing.
 */
export class MortalProcess {
  #dead = false;
  readonly #death = promiseWithResolve();
  #diesAt: CrashPoint | undefined;

  constructor(
    private readonly world: World,
    readonly holder: Holder,
    private readonly onDeath: () => void,
  ) {}

  get dead(): boolean {
    return this.#dead;
  }

  kill(): void {
    this.#dead = true;
    this.#death.resolve();
    this.onDeath();
  }

  /** Dies the next time it gets there. */
  dieAt(point: CrashPoint): void {
    this.#diesAt = point;
  }

  engine({ store = this.world.store, escrow, ...options }: Options): Promise<TokenEngine> {
    const { clock } = this.world;
    return this.world.engine({
      ...options,
      holder: this.holder,
      store: this.#mortal<TokenStore>(store),
      exchange: this.#mortalExchange(trackedExchange(clock, nodeHttpExchange(clock))),
      ...(escrow === undefined ? {} : { escrow: this.#mortal(tracked(clock, escrow)) }),
      crashProbe: (point) => {
        if (point === this.#diesAt) this.kill();
      },
    });
  }

  #mortal<Port extends object>(port: Port): Port {
    return new Proxy(port, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return (...given: unknown[]) => {
          if (name === 'close' && this.#dead) return Promise.resolve();
          return this.#whileAlive(() => Reflect.apply(member, target, given));
        };
      },
    });
  }

  #mortalExchange(exchange: HttpExchange): HttpExchange {
    return {
      send: (request, hooks) =>
        this.#whileAlive(() =>
          exchange.send(request, {
            ...hooks,
            onConnected: async () => {
              await Promise.race([hooks.onConnected(), this.#death.promise]);
              if (this.#dead) throw new Error('killed before the first byte');
            },
          }),
        ),
    };
  }

  async #whileAlive<Value>(act: () => Promise<Value>): Promise<Value> {
    if (this.#dead) return forever();
    try {
      const value = await act();
      return this.#dead ? await forever() : value;
    } catch (error) {
      if (this.#dead) return forever();
      throw error;
    }
  }
}

/** Files are real I/O: virtual time stands still while they are written. */
function tracked(clock: TestClock, escrow: Escrow): Escrow {
  return {
    put: (entry) => clock.track(() => escrow.put(entry)),
    entries: () => clock.track(() => escrow.entries()),
    remove: (attemptId) => clock.track(() => escrow.remove(attemptId)),
    close: () => clock.track(() => escrow.close()),
  };
}

function promiseWithResolve() {
  let resolve = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

function forever(): Promise<never> {
  return new Promise(() => {});
}
