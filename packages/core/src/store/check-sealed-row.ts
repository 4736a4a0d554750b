import type { Sealer } from '../sealing/sealer.js';
import { parseRecord } from './parse-record.js';
import { SealedTokens } from './sealed-tokens.js';
import type { StoredRow } from './token-store.js';

/**
 * Opens what is sealed in an account's row and keeps none of it: whether this key and this store
 * belong together.
 *
 * @throws TokenError `KEY_UNKNOWN`, `RECORD_UNREADABLE`
 */
export function checkSealedRow({ id, body }: Pick<StoredRow, 'id' | 'body'>, sealer: Sealer): void {
  const record = parseRecord(id, body);
  const tokens = new SealedTokens(sealer);
  tokens.openAccess(id, record);
  tokens.openRefresh(id, record);
  for (const retiring of record.retiring) tokens.openRetiring(id, retiring);
}
