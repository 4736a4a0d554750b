import { type Clock, TokenError } from '@tokenkeep/core';
import pg from 'pg';
import { isStatementRefused } from './driver-errors.js';
import type { PgClient, PgPool } from './pg-pool.js';
import type { SqlRow } from './row-statements.js';
import type { Statement } from './statement.js';
import { TimeLimit } from './time-limit.js';

const DEFAULT_CONNECTIONS = 5;
const WATCHES = 100;
const KEEP_IDLE_MS = 30_000;

/** Values stay as PostgreSQL wrote them: parsers of `pg` can be changed by anybody. */
const asText = { getTypeParser: () => (text: string) => text };

/** Where clients come from: a pool of the store's own, or the host's. */
export interface Server {
  readonly url?: string | undefined;
  readonly pool?: PgPool | undefined;
  readonly maxConnections?: number | undefined;
}

/** Asks the server, each time with a limit. Nothing is asked twice. */
export class Connections {
  readonly #pool: PgPool;
  readonly #watchPool: PgPool;
  readonly #own: readonly pg.Pool[];
  readonly #met = new WeakSet<PgClient>();
  /** Asked over each new connection, before anything else is: it may lead to another server. */
  onNew: ((client: PgClient) => Promise<unknown>) | undefined;

  constructor(
    { url, pool, maxConnections }: Server,
    private readonly clock: Pick<Clock, 'sleep'>,
    private readonly timeoutMs: number,
    private readonly location: string,
  ) {
    const make = (max: number) =>
      new pg.Pool({
        application_name: 'tokenkeep',
        connectionString: url,
        max,
        connectionTimeoutMillis: timeoutMs,
        idleTimeoutMillis: KEEP_IDLE_MS,
        keepAlive: true,
        allowExitOnIdle: true,
      });
    this.#own =
      pool === undefined ? [make(maxConnections ?? DEFAULT_CONNECTIONS), make(WATCHES)] : [];
    const [calls = pool, watches = pool] = this.#own as readonly unknown[] as readonly PgPool[];
    this.#pool = calls as PgPool;
    this.#watchPool = watches as PgPool;
    // An idle client that loses its connection leaves the pool; unheard, the error ends the process.
    for (const each of new Set([this.#pool, this.#watchPool])) each.on('error', ignore);
  }

  async query(statement: Statement): Promise<readonly SqlRow[]> {
    return this.use((client) => ask(client, statement));
  }

  /** `inTransaction`: a client that fails is closed, which undoes what it has begun. */
  async use<T>(work: (client: PgClient) => Promise<T>, inTransaction = false): Promise<T> {
    using limit = this.#limit();
    const client = await this.#connect(this.#pool, limit);
    client.on('error', ignore);
    let broken = true;
    try {
      const result = await limit.within(this.#meet(client).then(() => work(client)));
      broken = false;
      return result;
    } catch (error) {
      broken = inTransaction || !isStatementRefused(error);
      throw error;
    } finally {
      client.release(broken);
      client.removeListener('error', ignore);
    }
  }

  async #meet(client: PgClient): Promise<void> {
    if (this.#met.has(client)) return;
    await this.onNew?.(client);
    this.#met.add(client);
  }

  /** A client for one purpose. To be released as broken: nobody else may have its session. */
  async dedicated(prepare: (client: PgClient) => Promise<unknown>): Promise<PgClient> {
    using limit = this.#limit();
    const client = await this.#connect(this.#watchPool, limit);
    client.on('error', ignore);
    try {
      await limit.within(prepare(client));
      return client;
    } catch (error) {
      client.release(true);
      throw error;
    }
  }

  /** Ends its own pools; the host's goes on. */
  async end(): Promise<void> {
    if (this.#own.length === 0) {
      this.#pool.removeListener('error', ignore);
      return;
    }
    using limit = this.#limit();
    await limit.within(Promise.all(this.#own.map((pool) => pool.end()))).catch(ignore);
  }

  async #connect(pool: PgPool, limit: TimeLimit): Promise<PgClient> {
    const connecting = (async () => pool.connect())();
    try {
      return await limit.within(connecting);
    } catch (error) {
      // It may still arrive, and has to go back.
      if (limit.isOver) connecting.then((client) => client.release(), ignore);
      throw error;
    }
  }

  #limit(): TimeLimit {
    return new TimeLimit(
      this.clock,
      this.timeoutMs,
      () =>
        new TokenError(
          'STORE_UNAVAILABLE',
          `PostgreSQL at ${this.location} has not answered within ${this.timeoutMs} ms. A change may have been kept or not. Is the server overloaded or cut off, or does the pool have too few connections?`,
          { reason: 'timeout', retryable: true },
        ),
    );
  }
}

export async function ask(
  client: PgClient,
  { text, values }: Pick<Statement, 'text'> & Partial<Statement>,
): Promise<readonly SqlRow[]> {
  const parameters = values === undefined ? {} : { values };
  const { rows } = await client.query({ text, rowMode: 'array', types: asText, ...parameters });
  return rows as readonly SqlRow[];
}

function ignore(): void {}
