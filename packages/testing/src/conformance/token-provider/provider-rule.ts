import type { ProviderFacts } from './provider-facts.js';
import type { ProviderScene } from './stage/provider-scene.js';

/** One sentence of the provider contract, and how to see that it holds. */
export interface ProviderRule {
  /** The name of its test. */
  readonly name: string;
  /** The sentence, as `docs/reference/provider-contract.md` has it. */
  readonly says: string;
  /** Whether it is about this provider. Default: about every one. */
  readonly concerns?: (facts: ProviderFacts) => boolean;
  /** @throws Departure where it does not hold */
  check(scene: ProviderScene): Promise<void>;
}
