import type { FaultScript } from '../../server/faults/fault-script.js';
import type { RequestLog } from '../../server/request-log.js';
import type { AnyAuthority, ScriptedTrouble, SimServer } from '../network/send.js';
import type { Stage } from './stage.js';

/** A server of the story: what it was asked, what is true there, and what goes wrong with it. */
export class SimulatedServer<Server extends AnyAuthority = AnyAuthority> {
  readonly #stage: Stage;
  readonly #server: SimServer;

  /** @internal */
  constructor(
    stage: Stage,
    server: SimServer,
    /** The scripted authority itself. Its own `faults` are for HTTP: use those of this object. */
    readonly authority: Server,
  ) {
    this.#stage = stage;
    this.#server = server;
  }

  get origin(): string {
    return this.#server.origin;
  }

  /** Every request it has seen. */
  get log(): RequestLog {
    return this.authority.log;
  }

  /** What is so, whatever anyone else believes, and the levers to change it behind their backs. */
  get truth(): Server['truth'] {
    return this.authority.truth;
  }

  /**
   * What goes wrong with single requests: a fault of the network, such as `'reply reset'`, or a
   * `Reply` that the server sends instead of acting on the request, such as `textReply(503, ...)`.
   */
  get faults(): FaultScript<ScriptedTrouble> {
    return this.#server.faults;
  }

  get isDown(): boolean {
    return this.#server.isDown;
  }

  /** Nobody reaches it. What it has is kept. */
  down(): void {
    this.#server.isDown = true;
    this.#stage.simulation.note(this.origin, 'is down');
  }

  up(): void {
    this.#server.isDown = false;
    this.#stage.simulation.note(this.origin, 'is up');
  }
}
