import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { StoreTraits } from '../store/token-store.js';

/**
 * Where a store's pairs wait. A store on a server has a place of its own within the folder: an engine
 * over another store, one for tests on the same machine, would take its pairs for stale ones and
 * throw them away.
 */
export function escrowFolderOf(traits: StoreTraits, identity: string): string | undefined {
  const { escrowFolder, sharedBy } = traits;
  if (escrowFolder === undefined || sharedBy !== 'fleet') return escrowFolder;
  const name = createHash('sha256').update(identity).digest('hex').slice(0, 16);
  return join(escrowFolder, name);
}
