import type { AccountRecord } from '../store/account-record.js';

/** Why somebody wants the next token set. The guard stands before all of them alike. */
export type Trigger =
  /** A caller needs a token that has ended, or is about to. */
  | { readonly kind: 'caller' }
  /** The record's own `due` has come. */
  | { readonly kind: 'schedule' }
  /** An API refused the token of this generation, which that attempt brought. */
  | { readonly kind: 'refusal'; readonly generation: number; readonly committedBy?: string }
  /** An operator, or the service, asked for the successor of this generation. */
  | { readonly kind: 'renew'; readonly generation: number }
  /** A security rotation: obtain a new token, then delete the one of this generation. */
  | { readonly kind: 'rotation'; readonly generation: number };

/**
 * Whether it is about the token in this record. One generation can be had twice: by a pair that only
 * escrow has, and by one that others have committed meanwhile. A refusal of one is none of the other.
 */
export function isAbout(trigger: Trigger & { generation: number }, record: AccountRecord): boolean {
  if (trigger.generation !== record.generation) return false;
  if (trigger.kind !== 'refusal' || trigger.committedBy === undefined) return true;
  return record.committedBy === undefined || record.committedBy === trigger.committedBy;
}
