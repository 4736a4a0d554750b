export interface Sleep {
  /** Milliseconds on the monotonic clock of the queue's owner. */
  readonly deadline: number;
  readonly order: number;
  readonly wake: () => void;
  cancelled: boolean;
}

/** Sleeps ordered by deadline, and by `order` where deadlines are equal. A binary heap. */
export class SleepQueue {
  #heap: Sleep[] = [];
  #cancelled = 0;
  #arrivals = 0;
  readonly #order: () => number;

  /** @param order ranks sleeps of one deadline; default: first come, first served */
  constructor(order?: () => number) {
    this.#order = order ?? (() => this.#arrivals);
  }

  get size(): number {
    return this.#heap.length - this.#cancelled;
  }

  add(deadline: number, wake: () => void): Sleep {
    const sleep = { deadline, order: this.#order(), wake, cancelled: false };
    this.#arrivals += 1;
    this.#heap.push(sleep);
    this.#rise(this.#heap.length - 1);
    return sleep;
  }

  cancel(sleep: Sleep): void {
    if (sleep.cancelled) return;
    sleep.cancelled = true;
    this.#cancelled += 1;
    // Aborted sleeps stay in the heap until they surface; a heap of mostly dead ones is rebuilt.
    if (this.#cancelled > 64 && this.#cancelled > this.#heap.length / 2) this.#rebuild();
  }

  /** The deadline of the next sleep, or undefined if nothing sleeps. */
  nextDeadline(): number | undefined {
    while (this.#heap[0]?.cancelled) {
      this.#removeFirst();
      this.#cancelled -= 1;
    }
    return this.#heap[0]?.deadline;
  }

  /** Removes and returns the next sleep that is due at or before `instant`. */
  takeDue(instant: number): Sleep | undefined {
    const deadline = this.nextDeadline();
    if (deadline === undefined || deadline > instant) return undefined;
    return this.#removeFirst();
  }

  /** Deadlines of all sleeps, earliest first. */
  deadlines(): number[] {
    return this.#heap
      .filter((sleep) => !sleep.cancelled)
      .sort(compare)
      .map((sleep) => sleep.deadline);
  }

  #rebuild(): void {
    // An array sorted by the heap's own order is a valid heap.
    this.#heap = this.#heap.filter((sleep) => !sleep.cancelled).sort(compare);
    this.#cancelled = 0;
  }

  #removeFirst(): Sleep | undefined {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (last !== undefined && last !== first) {
      this.#heap[0] = last;
      this.#sink(0);
    }
    return first;
  }

  #rise(start: number): void {
    let index = start;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#isBefore(index, parent)) return;
      this.#swap(index, parent);
      index = parent;
    }
  }

  #sink(start: number): void {
    let index = start;
    for (;;) {
      const left = 2 * index + 1;
      let earliest = index;
      if (this.#isBefore(left, earliest)) earliest = left;
      if (this.#isBefore(left + 1, earliest)) earliest = left + 1;
      if (earliest === index) return;
      this.#swap(index, earliest);
      index = earliest;
    }
  }

  #isBefore(left: number, right: number): boolean {
    const a = this.#heap[left];
    const b = this.#heap[right];
    return a !== undefined && b !== undefined && compare(a, b) < 0;
  }

  #swap(left: number, right: number): void {
    const a = this.#heap[left];
    const b = this.#heap[right];
    if (a === undefined || b === undefined) return;
    this.#heap[left] = b;
    this.#heap[right] = a;
  }
}

function compare(a: Sleep, b: Sleep): number {
  return a.deadline - b.deadline || a.order - b.order;
}
