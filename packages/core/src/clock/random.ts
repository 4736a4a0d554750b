/** Randomness as the engine sees it: jitter, identifiers and initialisation vectors. */
export interface Random {
  /** Uniform in [0, 1). */
  float(): number;
  /** Cryptographically strong bytes in production; seeded in tests. */
  bytes(length: number): Uint8Array;
}

/** A random identifier of `length` bytes, as lower-case hex. */
export function randomId(random: Random, length = 12): string {
  return Buffer.from(random.bytes(length)).toString('hex');
}
