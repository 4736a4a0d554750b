import type { TokenError } from '../errors/token-error.js';
import type { FoundRecord } from '../store/edit-record.js';
import type { SealedAccess } from '../store/sealed-tokens.js';

/** How one run of a renewal ended. */
export type RenewalOutcome =
  /** A new generation, durable. `unsaved` while only escrow has it. */
  | {
      readonly kind: 'renewed';
      readonly found: FoundRecord;
      readonly access: SealedAccess | undefined;
      /** Elapsed time just before the request was sent: the token's life counts from here. */
      readonly issuedAt: number;
      readonly unsaved?: Promise<void>;
    }
  /** Nothing needs doing: the record as it stands has what was wanted. */
  | { readonly kind: 'settled'; readonly found: FoundRecord }
  /** Another process holds the claim, or doubt has to age. Look again after `waitMs`. */
  | {
      readonly kind: 'waiting';
      readonly found: FoundRecord;
      readonly waitMs: number;
      readonly reason: 'held' | 'in_doubt';
    }
  /** No token, and why. `retryMs`: when the engine may try again by itself. */
  | {
      readonly kind: 'failed';
      readonly found: FoundRecord;
      readonly error: TokenError;
      readonly retryMs: number | undefined;
      /** A request was made, or tried: a retry inside the same call costs the host's quota. */
      readonly tried: boolean;
    };
