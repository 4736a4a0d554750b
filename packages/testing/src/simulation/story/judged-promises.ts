import { defaultParameters, type Parameters } from '@tokenkeep/core';
import type { Violation } from '../simulation.js';

/** Promises whose checks count with the default durations and caps. */
const measured = ['I2', 'I14'];
/** How often an engine looks changes nothing about them. */
const looks: readonly string[] = ['schedulePollMs', 'accountsPollMs'];

/** Which violations count: where a service has parameters of its own, not those measured by others. */
export class JudgedPromises {
  #areDefault = true;

  learn(parameters: Partial<Parameters> = {}): void {
    const own = Object.entries(parameters).filter(
      ([name, value]) =>
        !looks.includes(name) &&
        JSON.stringify(value) !== JSON.stringify(defaultParameters[name as keyof Parameters]),
    );
    if (own.length > 0) this.#areDefault = false;
  }

  of(violations: readonly Violation[]): readonly Violation[] {
    if (this.#areDefault || violations.length === 0) return violations;
    return violations.filter(({ invariant }) => !measured.includes(invariant));
  }
}
