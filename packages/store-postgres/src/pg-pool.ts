/** What the store uses of a client of `pg`. */
export interface PgClient {
  query(query: object): Promise<{ readonly rows: readonly unknown[] }>;
  on(event: string, listener: (...facts: unknown[]) => void): unknown;
  removeListener(event: string, listener: (...facts: unknown[]) => void): unknown;
  release(broken?: boolean): void;
}

/** What the store uses of a `Pool` of `pg`. */
export interface PgPool {
  connect(): Promise<PgClient>;
  on(event: 'error', listener: () => void): unknown;
  removeListener(event: 'error', listener: () => void): unknown;
}
