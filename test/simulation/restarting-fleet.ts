import type { Service, ServiceOptions, SimHost, Simulation } from '@tokenkeep/testing/simulation';

/** Processes that are killed again and again, each time started anew on the same host. */
export class RestartingFleet {
  readonly #lives: Service[];
  kills = 0;

  constructor(
    private readonly simulation: Simulation,
    private readonly options: ServiceOptions,
    private readonly hosts: readonly SimHost[],
  ) {
    this.#lives = hosts.map((_, place) => this.#start(place));
  }

  get size(): number {
    return this.hosts.length;
  }

  /** The process at a place, if its engine is open by now. */
  at(place: number): Service | undefined {
    const service = this.#lives[place];
    return service?.isOpen ? service : undefined;
  }

  /** Kills the process at a place, whatever it is doing, and starts the next one there. */
  kill(place: number): void {
    this.#lives[place]?.kill();
    this.kills += 1;
    this.#lives[place] = this.#start(place);
  }

  #start(place: number): Service {
    const host = this.hosts[place];
    if (host === undefined) throw new RangeError(`There is no place ${place}.`);
    const service = this.simulation.service(`service-${place}`, { ...this.options, host });
    void service.open();
    return service;
  }
}
