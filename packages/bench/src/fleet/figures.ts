/** One kind of loop, in all processes together. */
export interface LoopFigures {
  readonly perSecond: number;
  readonly renewals: number;
}

export interface ClaimFigures {
  readonly claims: number;
  readonly rowsPerClaim: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface Lateness {
  readonly accounts: number;
  /** Renewals that were committed. */
  readonly renewed: number;
  /** Accounts that were renewed more than once. */
  readonly twice: number;
  /** Accounts that were not renewed while the bench waited. */
  readonly missed: number;
  /** Token requests. */
  readonly requests: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly mostMs: number;
  /** How many were renewed later than one bound and not later than this one. */
  readonly histogram: readonly { readonly upToMs: number; readonly count: number }[];
}

export interface FleetFigures {
  readonly store: 'postgres' | 'redis';
  readonly accounts: number;
  readonly processes: number;
  readonly seconds: number;
  /** From the call to an engine that can be used, with all accounts configured. */
  readonly startMs: number;
  /** Of one process, once it is started. */
  readonly memoryMb: number;
  readonly bytesPerAccount: number;
  readonly bodyBytes: number;
  readonly engine: LoopFigures;
  readonly bare: LoopFigures;
  readonly ratio: number;
  readonly claim: ClaimFigures;
  readonly lateness: Lateness;
  readonly peer?: LoopFigures & { readonly name: string };
}
