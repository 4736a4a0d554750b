/** Why somebody wants the next token set. The guard stands before all of them alike. */
export type Trigger =
  /** A caller needs a token that has ended, or is about to. */
  | { readonly kind: 'caller' }
  /** The record's own `due` has come. */
  | { readonly kind: 'schedule' }
  /** An API refused the token of this generation. */
  | { readonly kind: 'refusal'; readonly generation: number }
  /** An operator, or the service, asked for the successor of this generation. */
  | { readonly kind: 'renew'; readonly generation: number }
  /** A security rotation: obtain a new token, then delete the one of this generation. */
  | { readonly kind: 'rotation'; readonly generation: number };
