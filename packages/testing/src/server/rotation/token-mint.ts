import { randomBytes } from 'node:crypto';

/** Makes the text of a new token. Never the same twice. */
export type TokenMint = () => string;

/** Looks like a bcrypt hash: `$2y$10$` and 53 characters, with `$`, `.` and `/`. */
export function bcryptLikeToken(): string {
  const alphabet = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
  const text = Array.from(randomBytes(53), (byte) => alphabet.charAt(byte % 64)).join('');
  return `$2y$10$${text}`;
}

/** 64 hexadecimal digits. */
export function hexToken(): string {
  return randomBytes(32).toString('hex');
}

/** 43 characters of base64url, as most OAuth servers make them. */
export function opaqueToken(): string {
  return randomBytes(32).toString('base64url');
}
