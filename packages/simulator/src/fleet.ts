import type {
  AccessToken,
  AccountConfig,
  CrashPoint,
  Parameters,
  TokenProvider,
} from '@tokenkeep/core';
import type { Dice, Service, SimHost, SimServer, Simulation } from '@tokenkeep/testing/simulation';
import { accountModes, type Landscape, type Person } from './account-mode.js';
import type { Disturbance, Draw } from './draw.js';

/** A place for a process: what runs there dies, and is started again. */
export interface Slot {
  readonly name: string;
  readonly host: SimHost;
  service: Service | undefined;
}

/** How often somebody who is refused comes back without a pause. */
const mostTries = 150;
/** Chance per crash point to die there, or to stop there for longer than a lease. */
const dieRate = 0.01;
const pauseRate = 0.02;

/** The machines, processes and callers of one run. */
export class Fleet {
  readonly slots: readonly Slot[];
  readonly servers: readonly SimServer[];
  readonly accounts: readonly AccountConfig[];
  readonly counts = { asked: 0, served: 0, crashes: 0, pauses: 0 };
  /** Whether processes are started again when they have died. */
  isCalm = false;
  /** Told whenever a renewal of anybody reaches a crash point. */
  onPoint: () => void = () => {};
  readonly #dice: Dice;
  readonly #points: Dice;
  readonly #people: readonly Person[];
  readonly #providers: readonly TokenProvider[];
  readonly #parameters: Partial<Parameters>;

  constructor(
    readonly simulation: Simulation,
    readonly draw: Draw,
  ) {
    this.#dice = simulation.kernel.diceFor('callers');
    this.#points = simulation.kernel.diceFor('crash points');
    const landscapes = draw.modes.map(({ mode, accounts, ...lives }, index): Landscape => {
      const found = accountModes.find(({ name }) => name === mode);
      if (found === undefined) throw new Error(`There is no mode "${mode}".`);
      return found.build(simulation, index, accounts, lives);
    });
    this.servers = landscapes.flatMap(({ servers }) => servers);
    this.accounts = landscapes.flatMap(({ accounts }) => accounts);
    this.#people = landscapes.flatMap(({ people = [] }) => people);
    this.#providers = landscapes.flatMap(({ providers }) => providers);
    this.#parameters = { schedulePollMs: draw.schedulePollMs, accountsPollMs: 3_600_000 };
    this.slots = Array.from({ length: draw.processes }, (_, index) => ({
      name: `service-${index}`,
      host: this.#host(index % draw.hosts),
      service: undefined,
    }));
  }

  suffers(disturbance: Disturbance): boolean {
    return !this.isCalm && this.draw.disturbances.includes(disturbance);
  }

  /** Processes that run and whose engine is open. */
  running(): readonly Service[] {
    return this.slots
      .map(({ service }) => service)
      .filter((service) => service?.isAlive === true && service.isOpen)
      .map((service) => service as Service);
  }

  start(): void {
    for (const slot of this.slots) this.#startIn(slot);
  }

  /** Lets people look after the accounts that need one, now and then, for ever. */
  bringPeople(): void {
    const { kernel, store } = this.simulation;
    if (this.#people.length === 0) return;
    kernel.after(this.#dice.exponential(this.draw.askEveryMs), () => {
      const [service] = this.running();
      for (const { account, logIn } of this.#people) {
        const row = store.account(account);
        const isWanted = row === undefined || row.body.includes('"reauthorization_required"');
        if (service === undefined || !isWanted) continue;
        service.process.deliver(() => {
          void service.engine.accounts.import(account, logIn()).catch(() => {});
        });
      }
      this.bringPeople();
    });
  }

  /** SIGKILL, and another start some time later. */
  crash(slot: Slot): void {
    slot.service?.kill();
    this.#died(slot);
  }

  /** The same for all processes of a machine, and what its disk had not synced is lost. */
  losePower(host: SimHost): void {
    host.powerOff();
    const offMs = this.#dice.between(1_000, 600_000);
    this.simulation.kernel.after(offMs, () => {
      host.powerOn();
      for (const slot of this.slots) if (slot.host === host) this.#startIn(slot);
    });
  }

  #host(index: number): SimHost {
    const drifts = this.draw.disturbances.includes('crystal drift');
    return this.simulation.host(`host-${index}`, {
      rate: drifts ? 1 + this.#dice.between(-2e-4, 2e-4) : 1,
      wallMs: Date.UTC(2025, 0, 1) + (drifts ? this.#dice.between(-9e5, 9e5) : 0),
    });
  }

  #died(slot: Slot): void {
    this.counts.crashes += 1;
    const downMs = this.isCalm ? 1_000 : this.#dice.exponential(20_000);
    this.simulation.kernel.after(downMs, () => this.#startIn(slot));
  }

  #startIn(slot: Slot): void {
    if (!slot.host.isUp || slot.service?.isAlive) return;
    const service: Service = this.simulation.service(slot.name, {
      host: slot.host,
      providers: this.#providers,
      accounts: this.accounts,
      parameters: this.#parameters,
      onCrashPoint: (point) => this.#atCrashPoint(slot, point),
    });
    slot.service = service;
    service.open().then(
      () => this.#ask(service),
      () => {
        // A supervisor starts a process again that could not open its store.
        service.kill();
        this.simulation.kernel.after(15_000, () => this.#startIn(slot));
      },
    );
  }

  #atCrashPoint(slot: Slot, _point: CrashPoint): 'dies' | undefined {
    const { service } = slot;
    if (service === undefined) return undefined;
    this.onPoint();
    const { timesAtPoints: times = 1 } = this.draw;
    if (this.suffers('crash point') && this.#points.chance(dieRate * times)) {
      this.#died(slot);
      return 'dies';
    }
    if (this.suffers('pause point') && this.#points.chance(pauseRate * times)) {
      this.counts.pauses += 1;
      // Around a lease, and around the time after which somebody else may send again.
      const ms = this.#points.pick([4_000, 9_000, 12_000, 40_000, 94_000, 110_000]);
      void service.pause(ms * this.#points.between(0.8, 1.2));
    }
    return undefined;
  }

  /** Callers of one process: questions at random times about random accounts, for ever. */
  async #ask(service: Service): Promise<void> {
    for (;;) {
      await service.process.idle(this.#dice.exponential(this.draw.askEveryMs));
      const { account } = this.#dice.pick(this.accounts);
      // One in ten comes with friends, all at once.
      const callers = this.#dice.chance(0.1) ? 8 : 1;
      const ends = Array.from({ length: callers }, () => this.#askOnce(service, account));
      void Promise.all(ends);
    }
  }

  async #askOnce(service: Service, account: string, tries = 0): Promise<void> {
    this.counts.asked += 1;
    let token: AccessToken;
    try {
      token = await service.getToken(account);
    } catch {
      // Watched, and judged, where it was asked.
      return;
    }
    this.counts.served += 1;
    if (!this.suffers('api refuses')) return;
    if (tries === 0 && !this.#dice.chance(0.2)) return;
    const server = this.serverOf(token);
    if (server === undefined) return;
    const { network } = this.simulation;
    // Some hold on to a token, and hear of its end when it has long been replaced.
    if (tries === 0 && this.#dice.chance(0.3))
      await service.process.idle(this.#dice.exponential(this.draw.askEveryMs));
    const reply = await network.callApi(service.process, server, token.headers());
    if (reply === undefined || (reply.status !== 401 && reply.status !== 403)) return;
    service.engine.reject(account, token.generation);
    // Some try at once, and at once, and at once.
    if (tries === 0 && !this.#dice.chance(0.2)) return;
    if (tries === mostTries) return;
    await service.process.idle(this.#dice.between(500, 5_000));
    await this.#askOnce(service, account, tries + 1);
  }

  serverOf(token: AccessToken): SimServer | undefined {
    return this.servers.find(({ authority }) => authority.truth.tokens.set(token.reveal()));
  }
}
