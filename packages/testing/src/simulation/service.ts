import {
  type AccessToken,
  type AccountConfig,
  type AccountKey,
  type CrashPoint,
  createTokenEngine,
  type EventName,
  fileEscrow,
  type Logger,
  type Parameters,
  type TokenEngine,
  type TokenProvider,
  type TokenRequestOptions,
} from '@tokenkeep/core';
import type { SimHost } from './host/sim-host.js';
import { ProcessDied, type SimProcess } from './host/sim-process.js';
import { Question } from './question.js';
import { readableSealer } from './readable-sealer.js';
import type { EventFacts } from './watcher.js';
import type { World } from './world.js';

export interface ServiceOptions {
  /** Default: a machine of its own. */
  readonly host?: SimHost;
  readonly providers: readonly TokenProvider[];
  readonly accounts: readonly AccountConfig[];
  readonly parameters?: Partial<Parameters>;
  /** Whether it renews in the background. Default true. */
  readonly background?: boolean;
  /** Asked at each crash point of a renewal; `dies`: the process is killed there. */
  readonly onCrashPoint?: (point: CrashPoint) => 'dies' | undefined;
}

const escrowFolder = '/escrow';

/** One life of a service: a process with an engine in it, and the callers that ask it. */
export class Service {
  #engine: TokenEngine | undefined;

  constructor(
    private readonly world: World,
    readonly name: string,
    readonly process: SimProcess,
    private readonly options: ServiceOptions,
  ) {}

  get isAlive(): boolean {
    return this.process.isAlive;
  }

  /** @throws Error before the engine is open. */
  get engine(): TokenEngine {
    if (this.#engine === undefined) throw new Error(`${this.name} is still opening its engine.`);
    return this.#engine;
  }

  get isOpen(): boolean {
    return this.#engine !== undefined;
  }

  /** Never resolves if the process dies while it opens. */
  async open(): Promise<this> {
    const { world, process, options } = this;
    const { providers, accounts, parameters, background = true } = options;
    const { kernel, store, network } = world;
    const files = process.host.disk.filesOf(process);
    const engine = await createTokenEngine({
      providers,
      accounts,
      ...(parameters === undefined ? {} : { parameters }),
      store: store.clientOf(process),
      clock: process.clock,
      random: kernel.diceFor(`engine ${process.id}`).random,
      exchange: network.exchangeOf(process),
      holder: process.holder,
      escrow: fileEscrow(escrowFolder, process.holder, files),
      sealer: readableSealer,
      logger: this.#ear(),
      crashProbe: (point) => this.#probe(point),
    });
    this.#engine = engine;
    if (background) engine.start();
    return this;
  }

  /** `engine.getToken`, judged by the simulation's watchers. */
  async getToken(key: AccountKey, options: TokenRequestOptions = {}): Promise<AccessToken> {
    const { world, process } = this;
    const question = new Question(world, process, this.engine.account(key).id, options.waitMs);
    try {
      const token = await this.engine.getToken(key, options);
      question.served(token);
      return token;
    } catch (error) {
      // A caller in a dead process hears nothing any more.
      if (!process.isAlive) return new Promise(() => {});
      question.refused(error);
      throw error;
    }
  }

  kill(): void {
    this.process.kill();
  }

  /** SIGSTOP for `ms`, or an event loop that is blocked for so long. */
  async pause(ms: number): Promise<void> {
    const { process, world } = this;
    world.note(process.id, 'paused');
    process.hold();
    await world.sleep(ms);
    world.note(process.id, 'goes on');
    process.release();
  }

  #probe(point: CrashPoint): void {
    const { process, options } = this;
    if (!process.isAlive) throw new ProcessDied(process.id);
    if (options.onCrashPoint?.(point) !== 'dies') return;
    this.world.note(process.id, `dies at ${point}`);
    this.world.tell('diedAt', point, process);
    process.kill();
    throw new ProcessDied(process.id);
  }

  /** The engine's log, from its first line on. */
  #ear(): Logger {
    const hear = (facts: object, event: string) => {
      if (!this.process.isAlive) return;
      const { account, generation } = facts as EventFacts;
      this.world.note(this.process.id, event, account, generation);
      this.world.tell('told', this.process, event as EventName, facts as EventFacts);
    };
    return { debug: hear, info: hear, warn: hear, error: hear };
  }
}
