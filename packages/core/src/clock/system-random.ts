import { randomBytes } from 'node:crypto';
import type { Random } from './random.js';

/** Node's cryptographically strong generator. */
export function systemRandom(): Random {
  return {
    float: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
    bytes: (length) => randomBytes(length),
  };
}
