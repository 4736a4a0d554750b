export { freePort } from './free-port.js';
export { keysOf, storeOf } from './open-store.js';
export {
  asServerUser,
  type PostgresServer,
  type PostgresServerOptions,
  postgresMissing,
  startPostgres,
} from './postgres-server.js';
export {
  type RedisServer,
  type RedisServerOptions,
  redisMissing,
  startRedis,
} from './redis-server.js';
export { serverProgram } from './server-program.js';
export { canMount, onSmallDisk } from './small-disk.js';
export {
  onPostgres,
  onRedis,
  type StoreKind,
  type StoreServer,
  storeKinds,
} from './store-servers.js';
export type { StoreSettings } from './store-settings.js';
