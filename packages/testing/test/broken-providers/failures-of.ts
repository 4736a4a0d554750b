import type { TokenProvider } from '@tokenkeep/core';
import { type TokenProviderTests, testTokenProvider } from '@tokenkeep/testing/conformance';
import { acmeDescription } from './acme-description.js';

export interface Failure {
  /** The rule. */
  readonly rule: string;
  /** Its first line: what is wrong and what was seen. */
  readonly sentence: string;
  /** The whole of it. */
  readonly message: string;
}

/** What the kit says of a provider for Acme, by one rule or by all of them. */
export async function failuresOf(
  make: (url: string) => TokenProvider,
  only?: string,
  description: Omit<TokenProviderTests, 'test' | 'provider'> = acmeDescription,
): Promise<readonly Failure[]> {
  const rules: { readonly name: string; readonly run: () => Promise<void> }[] = [];
  testTokenProvider({
    ...description,
    test: (name, run) => void rules.push({ name, run }),
    provider: ({ url }) => make(url),
  });
  const failures: Failure[] = [];
  const { debug } = console;
  // One of them tells it secrets, and nobody needs to read them.
  console.debug = () => {};
  for (const { name, run } of rules.filter(({ name }) => only === undefined || name === only)) {
    try {
      await run();
    } catch (error) {
      const message = String((error as Error).message);
      failures.push({ rule: name, sentence: message.split('\n')[0] ?? '', message });
    }
  }
  console.debug = debug;
  return failures;
}
