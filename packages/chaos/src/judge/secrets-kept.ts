import type { Evidence } from '../evidence.js';
import type { Verdict } from './verdict.js';

/** I7: no secret in a log, a file of the store, or escrow. */
export function secretsKept({ leaks, scannedBytes }: Evidence): Verdict {
  return { promise: 'I7', says: 'bytes of logs and files', looked: scannedBytes, broken: leaks };
}
