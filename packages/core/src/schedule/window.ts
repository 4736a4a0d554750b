/** So much work is under way at most: more begins when some has ended, not when all has. */
export class Window {
  #running = 0;
  #waiting: (() => void)[] = [];

  constructor(private readonly size: number) {}

  /** Resolves with how much more may begin, once it is worth a trip to the store. */
  async room(): Promise<number> {
    const worthIt = Math.ceil(this.size / 4);
    while (this.size - this.#running < worthIt) await this.#change();
    return this.size - this.#running;
  }

  /** Begins at once. */
  async run<Value>(work: () => Promise<Value>): Promise<Value> {
    this.#running += 1;
    try {
      return await work();
    } finally {
      this.#running -= 1;
      for (const wake of this.#waiting.splice(0)) wake();
    }
  }

  /** Works on each in turn. Begins no more after a failure, and throws the first when all has ended. */
  async each<Item>(items: Iterable<Item>, work: (item: Item) => Promise<unknown>): Promise<void> {
    const failures: unknown[] = [];
    for (const item of items) {
      while (this.#running >= this.size) await this.#change();
      if (failures.length > 0) break;
      void this.run(() => work(item).catch((error) => failures.push(error)));
    }
    while (this.#running > 0) await this.#change();
    if (failures.length > 0) throw failures[0];
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
