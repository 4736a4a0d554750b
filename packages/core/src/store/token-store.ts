import type { EpochMs } from '../clock/clock.js';

/**
 * A store keeps versioned rows, and that is all it knows: every rule about claims, rotation,
 * quotas and revocation is in the engine, once. In exchange a store must be exact about five
 * things:
 *
 * 1. **Compare and set or nothing.** `write` applies all its changes or none, durably, before it
 *    resolves: a process killed right after sees them again.
 * 2. **Serialisable.** No two writes succeed against the same version of a row.
 * 3. **One clock.** Times in rows, `due` and leases are read off the store's own clock, which is
 *    the only clock replicas share. It does not follow anybody's wall clock.
 * 4. **`claimDue` is atomic**: a row handed to one caller is leased before another can see it.
 * 5. **It never retries by itself** and never answers from a cache.
 *
 * Rows hold sealed bytes (base64 inside JSON) and schedule columns, never a secret. Failures of
 * any kind are a `TokenError` with a `STORE_*` code; a driver's message is not passed on, because
 * it may quote what was written.
 */
export interface TokenStore {
  readonly traits: StoreTraits;
  /** Connects, checks the schema and what the server promises. Called once, before the rest. */
  open(): Promise<void>;
  close(): Promise<void>;
  /**
   * Random, made with the store and kept in it. Part of everything sealed, so that a row copied
   * into another store does not open there.
   */
  identity(): Promise<string>;
  now(): Promise<StoreTime>;
  /** The row, or `undefined`, and the store's time when it was read. */
  read(kind: RowKind, id: string): Promise<ReadResult>;
  /** All changes or none. See `RowWrite`. At most 8 changes. */
  write(changes: readonly RowWrite[]): Promise<WriteResult>;
  /**
   * Leases up to `limit` account rows among `ids` whose `due` has come and that nobody holds,
   * earliest first: `fence` + 1, `holder`, lease of `leaseMs`. Bodies stay as they are.
   */
  claimDue(query: ClaimDueQuery): Promise<ClaimDueResult>;
  /**
   * Account rows that have a `due`, claimed or not, earliest first and at one moment by id, after
   * the place `after`, at most `limit`; fewer are the last. Without bodies, and in the order of an
   * index: a page costs the same among a million rows.
   */
  upcoming(after: DuePlace | undefined, limit: number): Promise<UpcomingResult>;
  /** Rows of one kind by id, after `after`, at most `limit`. */
  list(kind: RowKind, after: string | undefined, limit: number): Promise<readonly StoredRow[]>;
  /**
   * Tells of account rows that somebody wrote without a lease, in whichever process: whatever was
   * done with them is done. A hint: it may come twice, late or not at all, and a connection that was
   * lost is made again without a word. Resolves once it listens.
   */
  watch?(onChange: (id: string) => void): Promise<StoreWatch>;
}

export interface StoreWatch {
  /** Nothing is told any more once this resolves. */
  stop(): Promise<void>;
}

export interface StoreTraits {
  /** Short name for messages and metrics: `memory`, `sqlite`. */
  readonly name: string;
  /** Where it is, for an operator: a path, or an address without credentials. */
  readonly location: string;
  /** Rows survive the process. */
  readonly durable: boolean;
  /** Who can share it. */
  readonly sharedBy: 'process' | 'host' | 'fleet';
  /** Whether the store's clock can neither step nor be set. */
  readonly steadyClock: boolean;
  /**
   * Known after `open`: what its server does not promise, each a sentence that says how to change it.
   * Single-use refresh tokens are not entrusted to such a store, unless `weaknessesAccepted`.
   */
  readonly weaknesses?: readonly string[];
  /** The operator has asked for a warning instead. */
  readonly weaknessesAccepted?: boolean;
  /** Where sealed pairs are parked when the store fails: a folder only this user can read. */
  readonly escrowFolder?: string;
  /** Where a key file is made when no keyring is given. */
  readonly keyFile?: string;
}

/**
 * A moment on the store's clock. Deadlines of an earlier `epoch` count as passed: an embedded
 * store cannot know how long its machine was off. Quotas compare `ms` alone, so a reboot refills
 * nothing.
 */
export interface StoreTime {
  readonly epoch: number;
  readonly ms: EpochMs;
}

/**
 * `account`: its tokens. `budget`: what accounts share, a quota or their provider's incident.
 * `configuration`: an account defined at runtime.
 */
export type RowKind = 'account' | 'budget' | 'configuration';

export interface StoredRow {
  readonly kind: RowKind;
  readonly id: string;
  /** 1 when created, + 1 at each change of anything in the row. */
  readonly version: number;
  /** When somebody should look at this account next; `undefined`: nobody needs to. */
  readonly due: EpochMs | undefined;
  /** + 1 at each claim. Never goes back. */
  readonly fence: number;
  /** Who holds the row, also after the lease is over. */
  readonly holder: string | undefined;
  /** End of the lease; over once the store's time reaches it. */
  readonly leaseUntil: EpochMs | undefined;
  /** JSON text, at most 256 KiB. */
  readonly body: string;
}

/** One compare-and-set. */
export interface RowWrite {
  readonly kind: RowKind;
  readonly id: string;
  /** The version this change is based on; 0: the row must not exist. */
  readonly expected: number;
  readonly body: string;
  readonly due: EpochMs | undefined;
  readonly fence: number;
  /** A lease counted from the moment of the write, or none: the row is released. */
  readonly lease?: { readonly holder: string; readonly ms: number };
}

export type WriteResult =
  /** Versions after the change are `expected + 1`. */
  | { readonly written: true; readonly time: StoreTime }
  /** `id` of the first row that had another version. Nothing was changed. */
  | { readonly written: false; readonly conflict: string; readonly time: StoreTime };

export interface ReadResult {
  readonly row: StoredRow | undefined;
  readonly time: StoreTime;
}

export interface ClaimDueQuery {
  readonly ids: readonly string[];
  readonly holder: string;
  readonly leaseMs: number;
  readonly limit: number;
}

/** A place in the schedule. Nobody needs to stand there, or stand there any more. */
export interface DuePlace {
  readonly due: EpochMs;
  readonly id: string;
}

/** What the schedule says of one account. */
export interface DueEntry extends DuePlace {
  readonly leaseUntil: EpochMs | undefined;
}

export interface UpcomingResult {
  readonly entries: readonly DueEntry[];
  readonly time: StoreTime;
}

export interface ClaimDueResult {
  readonly rows: readonly StoredRow[];
  readonly time: StoreTime;
}
