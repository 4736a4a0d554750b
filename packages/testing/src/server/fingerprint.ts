import { createHash } from 'node:crypto';

/** The first 8 hexadecimal digits of the SHA-256 of a secret: enough to tell two apart. */
export function fingerprint(secret: string | Uint8Array): string {
  return createHash('sha256').update(secret).digest('hex').slice(0, 8);
}
