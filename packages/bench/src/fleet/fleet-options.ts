export interface FleetOptions {
  readonly accounts: number;
  readonly store: 'postgres' | 'redis';
  readonly processes: number;
  /** How long each loop is measured. */
  readonly seconds: number;
  /** How many accounts fall due in one second. */
  readonly late: number;
  /** Of each process. */
  readonly connections: number;
  /** Whether a job system is measured as well. */
  readonly peers: boolean;
  /** Ends it before its time; the server it has started is stopped. */
  readonly signal: AbortSignal;
  /** Says what goes on. */
  readonly tell: (line: string) => void;
}
