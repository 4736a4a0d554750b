/**
 * Where a rotated pair waits, sealed, between the server's reply and the store's commit. A pair
 * that is only in memory is lost with the process; one in escrow is not.
 */
export interface Escrow {
  /**
   * Makes room, before a single-use token is sent, for the pair that will come for it.
   *
   * @throws TokenError `STORE_UNAVAILABLE`: then nothing is sent
   */
  reserve?(): Promise<void>;
  /** Durable when it resolves `true`; `false`: this escrow keeps nothing. */
  put(entry: EscrowEntry): Promise<boolean>;
  /** Everything that waits, whoever put it there. */
  entries(): Promise<readonly FoundEntry[]>;
  /** Best effort: an entry seen again is recognised as stale. */
  remove(attemptId: string): Promise<void>;
  close(): Promise<void>;
}

export interface EscrowEntry {
  readonly attemptId: string;
  readonly account: string;
  readonly incarnation: string;
  /** The generation the pair was made from. */
  readonly generation: number;
  /** What would be committed, its secrets sealed. JSON. */
  readonly record: string;
}

export interface FoundEntry extends EscrowEntry {
  /**
   * The process that put it there may still run, and remove it. Bringing its pair home does no
   * harm, as the record says whose reply it holds; what is stale is left to its owner.
   */
  readonly ownerMayLive?: boolean;
}

/** For stores that do not outlive the process either. */
export const noEscrow: Escrow = {
  put: async () => false,
  entries: async () => [],
  remove: async () => {},
  close: async () => {},
};
