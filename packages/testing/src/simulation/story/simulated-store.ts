import type { Stage } from './stage.js';

/** The store all services of the story share. */
export class SimulatedStore {
  readonly #stage: Stage;

  /** @internal */
  constructor(stage: Stage) {
    this.#stage = stage;
  }

  get isDown(): boolean {
    return this.#stage.simulation.store.isDown;
  }

  /** Nobody reaches it. What it has is kept. */
  down(): void {
    this.#turn(true);
  }

  up(): void {
    this.#turn(false);
  }

  #turn(isDown: boolean): void {
    const { simulation } = this.#stage;
    simulation.store.isDown = isDown;
    simulation.note('store', isDown ? 'is down' : 'is up');
  }
}
