import { resolve } from 'node:path';
import {
  type ClaimDueQuery,
  type ClaimDueResult,
  checkStorableText,
  type DuePlace,
  type ReadResult,
  type RowKind,
  type RowWrite,
  randomId,
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
import { addressOf } from './client-options.js';
import { Connection } from './connection.js';
import { Database } from './database.js';
import { DueAccounts } from './due-accounts.js';
import { changesOf, type Keys, keysOf } from './keys.js';
import { checkOptions, type RedisStoreOptions } from './options.js';
import { openScript } from './scripts/open-script.js';
import {
  identityScript,
  listScript,
  nowScript,
  readScript,
  writeScript,
} from './scripts/row-scripts.js';
import { selectDatabase, weaknessesNow, weaknessesOf } from './server-promises.js';
import { fieldOf, storedRow } from './stored-rows.js';
import { threes } from './threes.js';
import { changeArguments } from './write-arguments.js';

const DEFAULT_TIMEOUT_MS = 5_000;

/**
 * Rows in one Redis server or cluster, shared by replicas on many machines.
 *
 * ```ts
 * const store = redisStore({ url: 'redis://tokens:password@redis.internal:6379' });
 * ```
 *
 * @throws TokenError `CONFIGURATION_INVALID` for a wrong option
 */
export function redisStore(options: RedisStoreOptions): TokenStore {
  checkOptions(options);
  return new RedisStore({ ...options });
}

/** What is there while the store is open. */
interface Opened {
  readonly connection: Connection;
  readonly database: Database;
  readonly due: DueAccounts;
}

class RedisStore implements TokenStore {
  readonly #options: RedisStoreOptions;
  readonly #where: string;
  readonly #keys: Keys;
  readonly #channel: string;
  readonly #timeoutMs: number;
  readonly #watches = new Set<Connection>();
  #traits: StoreTraits;
  #open: Opened | undefined;
  #opening: Promise<void> | undefined;

  constructor(options: RedisStoreOptions) {
    const { prefix = 'tokenkeep', timeoutMs = DEFAULT_TIMEOUT_MS } = options;
    const { whenNotDurable, escrowFolder } = options;
    this.#options = options;
    this.#where = addressOf(options);
    this.#keys = keysOf(prefix);
    this.#channel = changesOf(prefix);
    this.#timeoutMs = timeoutMs;
    this.#traits = {
      name: 'redis',
      location: `${this.#where} with prefix ${prefix}`,
      durable: true,
      sharedBy: 'fleet',
      steadyClock: false,
      weaknessesAccepted: whenNotDurable === 'warn',
      ...(escrowFolder === undefined ? {} : { escrowFolder: resolve(escrowFolder) }),
    };
  }

  get traits(): StoreTraits {
    return this.#traits;
  }

  open(): Promise<void> {
    this.#opening ??= this.#connect();
    return this.#opening;
  }

  async close(): Promise<void> {
    await this.#opening?.catch(() => {});
    const opened = this.#open;
    this.#open = undefined;
    this.#opening = undefined;
    for (const watch of this.#watches) watch.cut();
    this.#watches.clear();
    await opened?.connection.close();
  }

  async identity(): Promise<string> {
    const { values } = await this.#opened().database.read(identityScript);
    return String(values[0]);
  }

  async now(): Promise<StoreTime> {
    return (await this.#opened().database.read(nowScript)).time;
  }

  async read(kind: RowKind, id: string): Promise<ReadResult> {
    checkStorableText(id);
    const field = fieldOf(kind, id);
    const { time, values } = await this.#opened().database.read(readScript, field);
    const [head, body] = values;
    return { row: head == null ? undefined : storedRow(field, head, body), time };
  }

  async write(changes: readonly RowWrite[]): Promise<WriteResult> {
    const args = changes.flatMap(changeArguments);
    const { time, values } = await this.#opened().database.write(
      writeScript,
      this.#channel,
      ...args,
    );
    const [stale] = values;
    if (stale == null) return { written: true, time };
    return { written: false, conflict: changes[Number(stale)]?.id ?? '', time };
  }

  async claimDue(query: ClaimDueQuery): Promise<ClaimDueResult> {
    checkStorableText(query.holder);
    return this.#opened().due.claim(query);
  }

  async upcoming(after: DuePlace | undefined, limit: number): Promise<UpcomingResult> {
    checkStorableText(after?.id);
    return this.#opened().due.upcoming(after, limit);
  }

  async list(
    kind: RowKind,
    after: string | undefined,
    limit: number,
  ): Promise<readonly StoredRow[]> {
    const from = after === undefined ? `[${kind}:` : `(${kind}:${after}`;
    // ";" comes right after ":", so that no other kind is in between.
    const { values } = await this.#opened().database.read(listScript, from, `(${kind};`, limit);
    return threes(values).map(([field, head, body]) =>
      storedRow(String(field), String(head), body),
    );
  }

  /** Over a connection of its own: one that listens can do nothing else. */
  async watch(onChange: (id: string) => void): Promise<StoreWatch> {
    this.#opened();
    const connection = this.#newConnection();
    this.#watches.add(connection);
    const stop = async () => {
      this.#watches.delete(connection);
      connection.cut();
    };
    try {
      await connection.subscribe(this.#channel, onChange);
      return { stop };
    } catch (error) {
      await stop();
      throw error;
    }
  }

  async #connect(): Promise<void> {
    const { waitForReplicas: replicas = 0, fsync } = this.#options;
    const waitaof = fsync === 'waitaof';
    const connection = this.#newConnection();
    const lasting = { replicas, waitaof };
    const database = new Database(connection, this.#keys, this.#where, this.#timeoutMs, lasting);
    const select = (asked: Pick<Connection, 'send'>) =>
      selectDatabase(asked, connection.database, this.#where);
    try {
      await select(connection);
      const weaknesses = await weaknessesOf(connection, this.#keys.schema, waitaof, this.#where);
      await database.checkWaitAof();
      await database.plain(openScript, randomId(systemRandom(), 16));
      this.#traits = { ...this.#traits, weaknesses };
      connection.lookFirst(async (send) => {
        await select({ send });
        const found = await weaknessesNow({ send }, this.#keys.schema, waitaof, this.#where);
        this.#traits = { ...this.#traits, weaknesses: found };
      });
      this.#open = { connection, database, due: new DueAccounts(database) };
    } catch (error) {
      this.#opening = undefined;
      connection.cut();
      throw error;
    }
  }

  #newConnection(): Connection {
    const parts = [this.#options, this.#where, this.#timeoutMs] as const;
    return new Connection(...parts, systemClock(), systemRandom());
  }

  #opened(): Opened {
    if (this.#open !== undefined) return this.#open;
    throw new TokenError('STORE_UNAVAILABLE', `The store in Redis at ${this.#where} is not open.`, {
      reason: 'not_open',
    });
  }
}
