import { describe } from '@jest/globals';
import type { StoreKind } from '@tokenkeep/servers';

/** The same tests for each store; those whose server is not installed say what they need. */
export function describeStores(
  kinds: readonly StoreKind[],
  tests: (kind: StoreKind) => void,
): void {
  for (const kind of kinds) {
    if (kind.missing === undefined) describe(kind.name, () => tests(kind));
    else describe.skip(`${kind.name} (${kind.missing})`, () => tests(kind));
  }
}
