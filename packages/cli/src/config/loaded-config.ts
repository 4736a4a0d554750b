import type { AccountConfig, Pace, Parameters, TokenProvider } from '@tokenkeep/core';
import type { ConfigProblem } from './config-problem.js';
import type { StorePlace } from './store-place.js';

/** A config file, read, checked, its references resolved: what an engine is made of. */
export interface LoadedConfig {
  /** The file it came from, absolute. */
  readonly path: string;
  readonly store: StorePlace;
  readonly providers: readonly TokenProvider[];
  readonly accounts: readonly AccountConfig[];
  readonly parameters: Partial<Parameters>;
  readonly pace: Readonly<Record<string, Pace>>;
  readonly allowInsecureLoopback: boolean;
  /** Where secrets are sent, in the order of `providers`; a host that is an account's is not known. */
  readonly origins: readonly string[];
  /** Environment variables that credentials refer to: no business of child processes. */
  readonly secretVariables: readonly string[];
  /** Files that the config refers to, absolute. */
  readonly referencedFiles: readonly string[];
  /** What works, and should be changed all the same. */
  readonly warnings: readonly ConfigProblem[];
}
