import {
  type AccessToken,
  type AccountKey,
  type CrashPoint,
  crashPoints,
  type TokenEngine,
  type TokenRequestOptions,
} from '@tokenkeep/core';
import { oneOf } from '../../one-of.js';
import type { SimHost } from '../host/sim-host.js';
import type { SimProcess } from '../host/sim-process.js';
import type { Service, ServiceOptions } from '../service.js';
import { telling } from './asked-origins.js';
import { observedEngine } from './observed-engine.js';
import { simulatedFetch } from './simulated-fetch.js';
import { msOf, type Span } from './span.js';
import type { Stage } from './stage.js';
import { type SteadyCalls, steadyCalls } from './steady-calls.js';

/**
 * A service of the story: one process at a time, with the shipped engine in it. What is called on
 * it is done by that process. If it dies first, the promise stays open for ever: nobody is left who
 * could hear the answer.
 */
export class SimulatedService {
  /** The machine it runs on, with its clocks and its disk. */
  readonly host: SimHost;
  readonly #stage: Stage;
  readonly #given: ServiceOptions;
  /** The same, as each of its processes gets them. */
  readonly #options: ServiceOptions;
  /** The life that was begun last. */
  #life: Service | undefined;
  #engine: TokenEngine | undefined;
  #diesAt: CrashPoint | undefined;

  /** @internal */
  constructor(
    stage: Stage,
    readonly name: string,
    options: ServiceOptions,
  ) {
    const { simulation } = stage;
    this.#stage = stage;
    this.#given = options;
    stage.promises.learn(options.parameters);
    this.host = options.host ?? simulation.host(name);
    this.#options = {
      ...options,
      host: this.host,
      providers: options.providers.map((provider) =>
        telling(provider, (origin) => simulation.know(origin, provider.profile)),
      ),
      onCrashPoint: (point) => this.#atCrashPoint(point),
    };
  }

  /** Whether a process runs whose engine is open. */
  get isRunning(): boolean {
    return this.#life?.isAlive === true && this.#engine !== undefined;
  }

  /**
   * The engine of the process that runs now: give it to your own code.
   *
   * @throws Error while none runs
   */
  get engine(): TokenEngine {
    if (this.#engine === undefined || !this.isRunning) throw this.#doesNotRun();
    return this.#engine;
  }

  /** `engine.getToken`. */
  async getToken(key: AccountKey, options?: TokenRequestOptions): Promise<AccessToken> {
    return this.engine.getToken(key, options);
  }

  /** `fetch` to the servers of the story. Can be handed on as it is. */
  readonly fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const process = this.#process;
    const { network } = this.#stage.simulation;
    return this.#stage.inside(process, 'fetch', () =>
      simulatedFetch(network, process, input, init),
    );
  };

  /** What your own code sleeps with, in place of a timer. Can be handed on as it is. */
  readonly sleep = async (span: Span, signal?: AbortSignal): Promise<void> => {
    const process = this.#process;
    const ms = msOf(span);
    return this.#stage.inside(
      process,
      `sleep(${ms})`,
      () => process.clock.wait(ms, signal),
      'in time',
    );
  };

  /** Calls something each so often, in whichever process of the service runs then. */
  every(span: Span, call: (service: this) => unknown): SteadyCalls {
    const running = () => (this.isRunning ? this.#process : undefined);
    return steadyCalls(this.#stage, msOf(span), running, () => call(this));
  }

  /**
   * Starts a process, and resolves when its engine is open.
   *
   * @throws Error if one runs; TokenError as `createTokenEngine` does
   */
  async start(): Promise<void> {
    if (this.#life?.isAlive) throw new Error(`${this.name} is running already.`);
    const { simulation } = this.#stage;
    const life = simulation.service(this.name, this.#options);
    const { process } = life;
    this.#life = life;
    this.#engine = undefined;
    try {
      await this.#stage.inside(process, 'start', () => life.open());
    } catch (error) {
      life.kill();
      throw error;
    }
    this.#engine = observedEngine(this.#stage, process, life.engine);
  }

  /** SIGTERM: stops the engine in good order, and the process with it. */
  async stop(): Promise<void> {
    const process = this.#process;
    this.#stage.simulation.note(process.id, 'stops');
    await this.engine.stop();
    process.kill();
  }

  /** SIGKILL, now. */
  kill(): void {
    this.#life?.kill();
  }

  /** SIGKILL, when a renewal gets there the next time: `CP5` is when a reply has begun to arrive. */
  diesAt(point: CrashPoint): void {
    oneOf(crashPoints, point, 'crash point');
    this.#diesAt = point;
  }

  /** SIGSTOP, or an event loop that is blocked, until `resume()`. */
  pause(): void {
    const process = this.#process;
    this.#stage.simulation.note(process.id, 'paused');
    process.hold();
  }

  resume(): void {
    const process = this.#process;
    this.#stage.simulation.note(process.id, 'goes on');
    process.release();
  }

  get #process(): SimProcess {
    if (this.#life?.isAlive !== true) throw this.#doesNotRun();
    return this.#life.process;
  }

  #doesNotRun(): Error {
    return new Error(`${this.name} does not run: start() it.`);
  }

  #atCrashPoint(point: CrashPoint): 'dies' | undefined {
    if (point !== this.#diesAt) return this.#given.onCrashPoint?.(point);
    this.#diesAt = undefined;
    return 'dies';
  }
}
