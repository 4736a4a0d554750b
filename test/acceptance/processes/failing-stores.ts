import {
  canMount,
  onPostgres,
  onRedis,
  type PostgresServer,
  type StoreKind,
  type StoreServer,
  type StoreSettings,
  startPostgres,
  startRedis,
  storeKinds,
} from '@tokenkeep/servers';
import { Redis } from 'ioredis';
import Database from 'libsql';
import { Client } from 'pg';

/** What an operator, a disk or a network does to a store. Resolves once it is so; undone by the result. */
export type Failure = (place: StoreSettings) => Promise<() => Promise<void>>;

/** A store that can be made to fail. */
export interface FailingStore {
  readonly stores: StoreServer;
  readonly failures: Readonly<Record<string, Failure>>;
}

export type StoreName = StoreKind['name'];

/** What can happen to each, by the words that name the tests. */
export const failureNames: Readonly<Record<StoreName, readonly string[]>> = {
  SQLite: ['is locked'],
  PostgreSQL: [
    'is down',
    ...(canMount() ? ['has a full disk'] : []),
    'takes no writes',
    'refuses the password',
  ],
  Redis: ['is down', 'has no memory left', 'has become a replica', 'has another password'],
};

export async function startFailing(name: StoreName): Promise<FailingStore> {
  if (name === 'PostgreSQL') return failingPostgres();
  if (name === 'Redis') return failingRedis();
  const [sqlite] = storeKinds;
  const files = await (sqlite as StoreKind).start();
  const newPlace = (folder: string) => ({ ...files.newPlace(folder), lockWaitMs: 300 });
  return { stores: { ...files, newPlace }, failures: { 'is locked': lockedFile } };
}

const lockedFile: Failure = async (place) => {
  if (place.kind !== 'sqlite') throw new Error('This is no file.');
  const other = new Database(place.path);
  other.exec('BEGIN IMMEDIATE');
  return async () => {
    other.exec('ROLLBACK');
    other.close();
  };
};

async function failingPostgres(): Promise<FailingStore> {
  const hasDisk = canMount();
  const server = await startPostgres({
    // Nobody tidies up behind our backs on a disk that is to stay full.
    settings: { autovacuum: 'off' },
    ...(hasDisk ? { smallDiskMegabytes: 4 } : {}),
  });
  if (hasDisk) {
    await sql(server, `CREATE TABLESPACE small LOCATION '${server.smallDisk}'`);
    await sql(server, 'GRANT CREATE ON TABLESPACE small TO keeper');
  }
  const forKeeper = (change: string, back: string): Failure => {
    const tell = async (what: string) => {
      await sql(server, `ALTER ROLE keeper ${what}`);
      await sql(server, sessionsEnd);
    };
    return async () => {
      await tell(change);
      return () => tell(back);
    };
  };
  return {
    stores: onPostgres(server),
    failures: {
      'is down': async () => {
        await server.kill();
        return () => server.restart('immediate');
      },
      'has a full disk': (place) => fullDisk(server, place),
      'takes no writes': forKeeper(
        'SET default_transaction_read_only = on',
        'RESET default_transaction_read_only',
      ),
      'refuses the password': forKeeper("PASSWORD 'another'", "PASSWORD 'keeper-password'"),
    },
  };
}

const sessionsEnd =
  "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tokenkeep'";

/** Each change of a row is noted on a disk that has no page left: SQLSTATE 53100, from the disk itself. */
async function fullDisk(server: PostgresServer, place: StoreSettings) {
  if (place.kind !== 'postgres') throw new Error('This is no PostgreSQL.');
  const { schema } = place;
  const page = (table: string) => `INSERT INTO ${schema}.${table} VALUES (repeat('x', 7000))`;
  const onSmall = (table: string) => `
    CREATE TABLE ${schema}.${table} (page text) TABLESPACE small;
    ALTER TABLE ${schema}.${table} ALTER page SET STORAGE PLAIN;
    GRANT ALL ON ${schema}.${table} TO keeper;`;
  await sql(
    server,
    onSmall('ballast') + onSmall('notes'),
    `DO $$ BEGIN
       LOOP ${page('ballast')}; COMMIT; END LOOP;
     END $$`,
  ).catch((error) => {
    if (error.code !== '53100') throw error;
  });
  await sql(
    server,
    `CREATE FUNCTION ${schema}.note() RETURNS trigger LANGUAGE plpgsql
       AS $$ BEGIN ${page('notes')}; RETURN NULL; END $$;
     CREATE TRIGGER noted AFTER INSERT OR UPDATE ON ${schema}.rows
       FOR EACH ROW EXECUTE FUNCTION ${schema}.note()`,
  );
  return () => sql(server, `DROP TABLE ${schema}.ballast`);
}

async function sql({ superuserUrl }: PostgresServer, ...texts: string[]): Promise<void> {
  const client = new Client({ connectionString: superuserUrl });
  await client.connect();
  try {
    for (const text of texts) await client.query(text);
  } finally {
    await client.end();
  }
}

async function failingRedis(): Promise<FailingStore> {
  const server = await startRedis();
  const told = (...[begin, end]: [Told, Told]): Failure => {
    return async () => {
      // Whoever has logged in stays so: this one also undoes a new password.
      const client = new Redis(server.url);
      await begin(client);
      return async () => {
        await end(client);
        client.disconnect();
      };
    };
  };
  return {
    stores: onRedis(server),
    failures: {
      'is down': async () => {
        await server.kill();
        return () => server.restart();
      },
      'has no memory left': told(
        (client) => client.config('SET', 'maxmemory', '1mb'),
        (client) => client.config('SET', 'maxmemory', '0'),
      ),
      'has become a replica': told(
        (client) => client.replicaof('127.0.0.1', 1),
        (client) => client.replicaof('NO', 'ONE'),
      ),
      'has another password': told(
        async (client) => {
          await client.config('SET', 'requirepass', 'another');
          await client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
        },
        (client) => client.config('SET', 'requirepass', server.password),
      ),
    },
  };
}

type Told = (client: Redis) => Promise<unknown>;
