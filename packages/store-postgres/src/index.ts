export type { PostgresStoreOptions } from './options.js';
export type { PgClient, PgPool } from './pg-pool.js';
export { postgresStore } from './postgres-store.js';
