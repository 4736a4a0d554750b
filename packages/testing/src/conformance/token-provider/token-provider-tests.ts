import type { TokenProvider } from '@tokenkeep/core';
import type { DescribedServer } from './described-server.js';

export interface TokenProviderTests {
  /** `test` of the runner: of Jest, Vitest or `node:test`. */
  readonly test: (name: string, rule: () => Promise<void>, limitMs?: number) => void;
  /** Makes the provider, new each time, for a server at this URL (no slash at its end). */
  readonly provider: (server: { readonly url: string }) => TokenProvider;
  /** As an account is configured with them. Secrets in them have eight characters or more. */
  readonly credentials: unknown;
  /** Those of another account, which the server refuses when it is asked to. */
  readonly wrongCredentials: unknown;
  /**
   * Members of the credentials that nobody may see. Default: those of which the schema makes a
   * `Secret`. `[]` where nothing in them is secret.
   */
  readonly secrets?: readonly string[];
  readonly server: DescribedServer;
}
