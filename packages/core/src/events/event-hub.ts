import type { Clock } from '../clock/clock.js';
import { type EventName, eventNames, type TokenEvents } from './events.js';

type Listener<Name extends EventName> = (event: TokenEvents[Name]) => unknown;

/** Tells listeners in the order they came. One that throws is told on, and harms nobody. */
export class EventHub {
  readonly #listeners = new Map<EventName, Set<Listener<never>>>();

  constructor(private readonly clock: Pick<Clock, 'now'>) {}

  on<Name extends EventName>(name: Name, listener: Listener<Name>): Disposable {
    if (!eventNames.includes(name)) {
      throw new TypeError(`There is no event "${name}". Known: ${eventNames.join(', ')}.`);
    }
    if (typeof listener !== 'function') {
      throw new TypeError(`The listener of "${name}" is not a function.`);
    }
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    listeners.add(listener as Listener<never>);
    return { [Symbol.dispose]: () => void listeners.delete(listener as Listener<never>) };
  }

  emit<Name extends EventName>(name: Name, facts: Omit<TokenEvents[Name], 'at'>): void {
    const listeners = this.#listeners.get(name) as Set<Listener<Name>> | undefined;
    if (listeners === undefined || listeners.size === 0) return;
    const event = Object.freeze({ at: this.clock.now(), ...facts }) as TokenEvents[Name];
    for (const listener of [...listeners]) {
      try {
        const outcome = listener(event);
        // An async listener is not waited for; its rejection must not end the process.
        if (outcome instanceof Promise) outcome.catch((error) => this.#tellOn(name, error));
      } catch (error) {
        this.#tellOn(name, error);
      }
    }
  }

  #tellOn(name: EventName, error: unknown): void {
    if (name === 'engine:warning') return;
    const kind = (error as { name?: string } | undefined)?.name ?? typeof error;
    this.emit('engine:warning', {
      warning: 'listener_threw',
      message: `A listener of "${name}" threw a ${kind}. The engine went on.`,
    });
  }
}
