import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import {
  type ClaimDueQuery,
  type ClaimDueResult,
  checkStorableText,
  type DuePlace,
  type ReadResult,
  type RowKind,
  type RowWrite,
  type StoredRow,
  type StoreTime,
  type StoreTraits,
  type StoreWatch,
  systemClock,
  systemRandom,
  TokenError,
  type TokenStore,
  type UpcomingResult,
  type WriteResult,
} from '@tokenkeep/core';
import { ChangeTeller } from './change-teller.js';
import { ChangeWatch } from './change-watch.js';
import { Connections } from './connections.js';
import { storeError } from './driver-errors.js';
import { checkOptions, type PostgresStoreOptions } from './options.js';
import type { PgClient } from './pg-pool.js';
import { Rows } from './rows.js';
import { checkPrivileges, migrate, type SchemaPlace } from './schema.js';
import { addressFrom, addressOf } from './server-address.js';
import { checkServer, weaknessesOf } from './server-promises.js';

const DEFAULT_SCHEMA = 'tokenkeep';
const DEFAULT_TIMEOUT_MS = 5_000;

/**
 * Rows in one schema of a PostgreSQL database, shared by the processes of many machines.
 *
 * ```ts
 * const store = postgresStore({ url: process.env.DATABASE_URL });
 * ```
 *
 * @throws TokenError `CONFIGURATION_INVALID` for a wrong option
 */
export function postgresStore(options: PostgresStoreOptions): TokenStore {
  checkOptions(options);
  return new PostgresStore(options);
}

class PostgresStore implements TokenStore {
  readonly #options: PostgresStoreOptions;
  readonly #address: string;
  readonly #schema: string;
  readonly #timeoutMs: number;
  readonly #clock = systemClock();
  readonly #watches = new Set<ChangeWatch>();
  #weaknesses: readonly string[] | undefined;
  #connections: Connections | undefined;
  #rows: Rows | undefined;
  #teller: ChangeTeller | undefined;
  #opening: Promise<void> | undefined;

  constructor(options: PostgresStoreOptions) {
    this.#options = { ...options };
    const { url, pool, schema = DEFAULT_SCHEMA, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
    this.#address = pool === undefined ? addressFrom(url ?? '') : addressOf(pool);
    this.#schema = schema;
    this.#timeoutMs = timeoutMs;
  }

  get traits(): StoreTraits {
    const { escrowFolder } = this.#options;
    return {
      name: 'postgres',
      location: `${this.#address} schema ${this.#schema}`,
      durable: true,
      sharedBy: 'fleet',
      steadyClock: false,
      ...(escrowFolder === undefined ? {} : { escrowFolder: resolve(escrowFolder) }),
      ...(this.#weaknesses === undefined ? {} : { weaknesses: this.#weaknesses }),
      ...(this.#options.whenNotDurable === 'warn' ? { weaknessesAccepted: true } : {}),
    };
  }

  open(): Promise<void> {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  async close(): Promise<void> {
    await this.#opening?.catch(() => {});
    const connections = this.#connections;
    this.#connections = undefined;
    this.#rows = undefined;
    this.#opening = undefined;
    for (const watch of this.#watches) await watch.stop();
    this.#watches.clear();
    await this.#teller?.ended();
    await connections?.end();
  }

  identity(): Promise<string> {
    return this.#attempt((rows) => rows.identity());
  }

  now(): Promise<StoreTime> {
    return this.#attempt((rows) => rows.now());
  }

  read(kind: RowKind, id: string): Promise<ReadResult> {
    return this.#attempt((rows) => {
      checkStorableText(id);
      return rows.read(kind, id);
    });
  }

  write(changes: readonly RowWrite[]): Promise<WriteResult> {
    return this.#attempt((rows) => {
      for (const { id, body, lease } of changes) checkStorableText(id, body, lease?.holder);
      return rows.write(changes);
    });
  }

  claimDue(query: ClaimDueQuery): Promise<ClaimDueResult> {
    return this.#attempt((rows) => {
      for (const text of [query.holder, ...query.ids]) checkStorableText(text);
      return rows.claimDue(query);
    });
  }

  upcoming(after: DuePlace | undefined, limit: number): Promise<UpcomingResult> {
    return this.#attempt((rows) => {
      checkStorableText(after?.id);
      return rows.upcoming(after, limit);
    });
  }

  list(kind: RowKind, after: string | undefined, limit: number): Promise<readonly StoredRow[]> {
    return this.#attempt((rows) => {
      checkStorableText(after);
      return rows.list(kind, after, limit);
    });
  }

  async watch(onChange: (id: string) => void): Promise<StoreWatch> {
    return this.#attempt(async () => {
      const connections = this.#connections as Connections;
      const channel = channelOf(this.#schema);
      const random = systemRandom();
      const watch = new ChangeWatch(connections, channel, onChange, this.#clock, random);
      this.#watches.add(watch);
      const stop = async () => {
        this.#watches.delete(watch);
        await watch.stop();
      };
      await watch.start().catch(async (error) => {
        await stop();
        throw error;
      });
      return { stop };
    });
  }

  async #open(): Promise<void> {
    const location = this.#address;
    let connections: Connections | undefined;
    try {
      const made = new Connections(this.#options, this.#clock, this.#timeoutMs, location);
      connections = made;
      const schema = `"${this.#schema}"`;
      const place: SchemaPlace = { schema, location, lock: lockKey('schema', this.#schema) };
      await made.use((client) => checkServer(client, location));
      await made.use((client) => migrate(client, place), true);
      await made.use((client) => checkPrivileges(client, place));
      const gate = lockKey('rows', this.#schema);
      const teller = new ChangeTeller(made, channelOf(this.#schema));
      const rows = new Rows(made, this.#timeoutMs, schema, gate, teller, this.#clock);
      await rows.findTime();
      const look = async (client: PgClient) => {
        this.#weaknesses = await weaknessesOf(client, schema);
      };
      await made.use(look);
      made.onNew = look;
      this.#rows = rows;
      this.#teller = teller;
      this.#connections = made;
    } catch (error) {
      this.#opening = undefined;
      await connections?.end();
      throw storeError(error, location, true);
    }
  }

  async #attempt<T>(work: (rows: Rows) => Promise<T>): Promise<T> {
    try {
      return await work(this.#opened());
    } catch (error) {
      throw storeError(error, this.#address);
    }
  }

  #opened(): Rows {
    if (this.#rows !== undefined) return this.#rows;
    throw new TokenError('STORE_UNAVAILABLE', `PostgreSQL at ${this.#address} is not open`, {
      reason: 'not_open',
    });
  }
}

function channelOf(schema: string): string {
  return `tokenkeep:${schema}`;
}

/** Advisory locks are numbers that all programs of a database share; these 63 bits are ours. */
function lockKey(purpose: string, schema: string): string {
  const digest = createHash('sha256').update(`tokenkeep:${purpose}:${schema}`).digest();
  return String(BigInt.asIntN(64, digest.readBigInt64BE()));
}
