/**
 * Turns secrets into bytes that may be stored, and back. What a sealed value belongs to is bound
 * into it: a value moved to another account, field or generation does not open.
 */
export interface Sealer {
  /** @param place what the value belongs to; see `SealedPlace`. */
  seal(text: string, place: SealedPlace): string;
  /**
   * @throws TokenError `KEY_UNKNOWN` when no key of the ring has this value's key id,
   *   `RECORD_UNREADABLE` when it does not open: wrong place, damaged or forged.
   */
  open(sealed: string, place: SealedPlace): string;
  /** A keyed hash (HMAC-SHA-256), to compare credentials without keeping them. */
  fingerprint(text: string): string;
  /** Whether `text` has this fingerprint; false also when the key is gone. */
  matches(text: string, fingerprint: string): boolean;
}

export interface SealedPlace {
  readonly account: string;
  readonly field: string;
  readonly incarnation: string;
  readonly generation: number;
}
