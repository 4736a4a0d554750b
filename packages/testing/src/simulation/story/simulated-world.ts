import type { ServerTime } from '../../server/server-time.js';
import type { AnyAuthority } from '../network/send.js';
import type { ServiceOptions } from '../service.js';
import type { Simulation } from '../simulation.js';
import { SimulatedServer } from './simulated-server.js';
import { SimulatedService } from './simulated-service.js';
import { SimulatedStore } from './simulated-store.js';
import { msOf, type Span } from './span.js';
import type { Stage } from './stage.js';
import { nextMoment } from './wall-time.js';

/** Where a story plays. Time passes only while the story waits for something in it. */
export class SimulatedWorld {
  /** The store all services share. */
  readonly store: SimulatedStore;
  readonly #stage: Stage;

  /** @internal */
  constructor(stage: Stage) {
    this.#stage = stage;
    this.store = new SimulatedStore(stage);
  }

  /** True time: what a faultless clock shows. */
  get now(): Date {
    return new Date(this.simulation.time.now());
  }

  /**
   * All there is below: machines, network, rates of faults, the state of the store. Time is the
   * story's: do not `play` it.
   */
  get simulation(): Simulation {
    return this.#stage.simulation;
  }

  /** Lets time pass. */
  pass(span: Span): Promise<void> {
    const ms = msOf(span);
    return this.#inTime(`pass(${JSON.stringify(span)})`, () => this.simulation.sleep(ms));
  }

  /**
   * Lets time pass until a clock in UTC shows it the next time (`03:00`, `03:00:30`), or until a
   * moment (`2025-01-02T03:00:00Z`).
   */
  until(moment: string): Promise<void>;
  /**
   * Lets time pass until this is so. It is looked at after each event.
   *
   * @param within how long at most; an hour by default
   * @throws Error after that
   */
  until(condition: () => boolean, within?: Span): Promise<void>;
  until(what: string | (() => boolean), within: Span = { hours: 1 }): Promise<void> {
    if (typeof what !== 'string') return this.#untilMet(what, msOf(within));
    const ms = nextMoment(what, this.simulation.time.now()) - this.simulation.time.now();
    return this.#inTime(`until('${what}')`, () => this.simulation.sleep(ms));
  }

  /**
   * Puts a scripted authority behind an origin, such as `https://crm.test`. Give it the time it is
   * to live by: `(time) => new AuthRefreshAuthority({ time, accounts })`.
   */
  serve<Server extends AnyAuthority>(
    origin: string,
    make: (time: ServerTime) => Server,
  ): SimulatedServer<Server> {
    if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
      throw new TypeError(`"${origin}" is no origin. Say https://crm.test, without a path.`);
    }
    if (this.simulation.network.servers.has(origin)) {
      throw new TypeError(`There is a server behind ${origin} already.`);
    }
    const server = this.simulation.serve(origin, make);
    return new SimulatedServer(this.#stage, server, server.authority);
  }

  /** Starts a service on a machine of its own, or on `host`, and resolves when its engine is open. */
  async start(name: string, options: ServiceOptions): Promise<SimulatedService> {
    const service = new SimulatedService(this.#stage, name, options);
    await service.start();
    return service;
  }

  /** Writes a line into what is shown when the story fails. */
  note(text: string): void {
    this.simulation.note('story', text);
  }

  #inTime(what: string, work: () => Promise<void>): Promise<void> {
    return this.#stage.await({ what, ends: 'in time' }, work);
  }

  #untilMet(condition: () => boolean, withinMs: number): Promise<void> {
    const { simulation, conditions } = this.#stage;
    const { kernel } = simulation;
    return this.#inTime('until(() => ...)', async () => {
      if (isSo(condition)) return;
      await new Promise<void>((resolve, reject) => {
        const tooLate = kernel.after(withinMs, () => {
          conditions.delete(look);
          kernel.resumed();
          reject(
            new Error(`until: it was not so within ${withinMs} ms, at ${this.#stage.shownNow}.`),
          );
        });
        const look = () => {
          if (!isSo(condition)) return false;
          conditions.delete(look);
          kernel.cancel(tooLate);
          resolve();
          return true;
        };
        conditions.add(look);
      });
    });
  }
}

/** A promise would pass for true. */
function isSo(condition: () => boolean): boolean {
  const answer: unknown = condition();
  if (typeof answer === 'boolean') return answer;
  throw new TypeError('until(() => ...): the function has to return true or false, at once.');
}
