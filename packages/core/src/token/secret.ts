import { inspect, types } from 'node:util';

const MASK = '[secret]';
const brand = Symbol.for('tokenkeep.secret');

/**
 * A string that prints `[secret]` in every way a value can be printed. Only `reveal()` gives the
 * text, and only the code that puts it on the wire, or seals it, calls that.
 */
export class Secret {
  static readonly mask = MASK;

  static is(value: unknown): value is Secret {
    return (
      typeof value === 'object' &&
      value !== null &&
      !types.isProxy(value) &&
      (value as Record<symbol, unknown>)[brand] === true
    );
  }

  /** A string or a Secret, as a Secret. */
  static of(value: string | Secret): Secret {
    return Secret.is(value) ? value : new Secret(value);
  }

  readonly #text: string;

  constructor(text: string) {
    if (typeof text !== 'string') {
      throw new TypeError(`A Secret is made from a string, not from ${typeof text}.`);
    }
    this.#text = text;
    Object.defineProperty(this, brand, { value: true });
    Object.freeze(this);
  }

  /** The text itself. Never log, store or concatenate it into a message. */
  reveal(): string {
    return this.#text;
  }

  get length(): number {
    return this.#text.length;
  }

  /** A secret made from this one, e.g. `token.map((text) => 'Bearer ' + text)`. */
  map(change: (text: string) => string): Secret {
    return new Secret(change(this.#text));
  }

  equals(other: Secret): boolean {
    return this.#text === other.#text;
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [Symbol.toPrimitive](): string {
    return MASK;
  }

  [inspect.custom](): string {
    return MASK;
  }
}
