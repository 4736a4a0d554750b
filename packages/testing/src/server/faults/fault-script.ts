import { oneOf } from '../../one-of.js';
import { type Operation, operations } from '../request-log.js';
import type { IdentifiedRequest } from '../server-request.js';
import type { Fault } from './fault.js';

const targets = [...operations, 'any'] as const;

type Target = Operation | 'any';

interface Rule<Trouble> {
  readonly target: Target;
  readonly applies: (request: IdentifiedRequest) => boolean;
  readonly fault: Trouble;
}

/**
 * Which requests go wrong, and how. A fault queued with `next` comes first, then the first `when`
 * whose predicate holds, then the last `always`; otherwise the server is well.
 */
export class FaultScript<Trouble = Fault> {
  /** @param check throws where something is no fault */
  constructor(private readonly check: (fault: Trouble) => void = () => {}) {}

  #queued: { readonly target: Target; readonly fault: Trouble }[] = [];
  #conditional: Rule<Trouble>[] = [];
  #standing = new Map<Target, Trouble>();

  /** The next requests of this kind, one fault each. */
  next(target: Target, ...faults: readonly Trouble[]): this {
    for (const fault of faults) {
      this.#check(target, fault);
      this.#queued.push({ target, fault });
    }
    return this;
  }

  /** Every request of this kind, until cleared. */
  always(target: Target, fault: Trouble): this {
    this.#check(target, fault);
    this.#standing.set(target, fault);
    return this;
  }

  /** Every request of this kind for which the predicate holds, until cleared. */
  when(target: Target, applies: (request: IdentifiedRequest) => boolean, fault: Trouble): this {
    this.#check(target, fault);
    this.#conditional.push({ target, applies, fault });
    return this;
  }

  /** Heals one kind of request, or everything. */
  clear(target?: Target): this {
    const stays = (rule: { readonly target: Target }) =>
      target !== undefined && rule.target !== target;
    this.#queued = this.#queued.filter(stays);
    this.#conditional = this.#conditional.filter(stays);
    if (target === undefined) this.#standing.clear();
    else this.#standing.delete(target);
    return this;
  }

  #check(target: Target, fault: Trouble): void {
    oneOf(targets, target, 'kind of request');
    this.check(fault);
  }

  /** How many faults queued with `next` nobody has met yet. */
  get pending(): number {
    return this.#queued.length;
  }

  /** Whether nothing is scripted. */
  get isClear(): boolean {
    return this.#queued.length + this.#conditional.length + this.#standing.size === 0;
  }

  /** Takes the fault this request meets, using it up if it was queued. */
  take(request: IdentifiedRequest): Trouble | undefined {
    const hits = (target: Target) => target === 'any' || target === request.operation;
    const index = this.#queued.findIndex((entry) => hits(entry.target));
    if (index >= 0) return this.#queued.splice(index, 1)[0]?.fault;
    const rule = this.#conditional.find((each) => hits(each.target) && each.applies(request));
    return rule?.fault ?? this.#standing.get(request.operation) ?? this.#standing.get('any');
  }
}
