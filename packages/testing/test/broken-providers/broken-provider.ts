import type { TokenProvider } from '@tokenkeep/core';
import { type Acme, type AcmeCredentials, acme } from './acme.js';

/** The good provider with one thing wrong. */
export interface BrokenProvider {
  readonly id: string;
  /** What is broken. */
  readonly title: string;
  /** The rule that finds it, by its name. */
  readonly caughtBy: string;
  /** What the rule says of it. */
  readonly prints: string;
  readonly make: (url: string) => TokenProvider;
}

type Change = (good: Acme, url: string) => Partial<TokenProvider<AcmeCredentials>>;

export function broken(
  id: string,
  title: string,
  expected: Pick<BrokenProvider, 'caughtBy' | 'prints'>,
  change: Change,
): BrokenProvider {
  const make = (url: string) => ({ ...acme(url), ...change(acme(url), url) }) as TokenProvider;
  return { id, title, ...expected, make };
}
