import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTokenEngine, type TokenEngine } from '@tokenkeep/core';
import { authRefresh } from '@tokenkeep/provider-auth-refresh';
import {
  keysOf,
  onPostgres,
  onRedis,
  type StoreServer,
  type StoreSettings,
  startPostgres,
  startRedis,
  storeKinds,
  storeOf,
} from '@tokenkeep/servers';
import { AuthRefreshAuthority, type Canary, canary, scanForCanaries } from '@tokenkeep/testing';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { describeStores } from '../describe-stores.js';
import { quick, whenAllowed } from './processes/real-world.js';

/** A server that says all it can about what it is asked, and everything somebody could read there. */
interface TalkativeServer {
  readonly stores: StoreServer;
  /** Ways in which the server refuses what it is given, by what an operator or a stranger did. */
  readonly harm: Readonly<Record<string, Harm>>;
  /** What is to be found in what was said, as each harm was done. */
  readonly proof: readonly RegExp[];
  /** Logs, and what a person with rights sees of statements. */
  said(): Promise<string>;
  /** Everything on the disk, what memory held included. */
  files(): Promise<string>;
  stop(): Promise<void>;
}

type Harm = (place: StoreSettings) => Promise<() => Promise<unknown>>;

const talkative = { PostgreSQL: talkativePostgres, Redis: talkativeRedis };

/** An engine whose account was added at runtime, so that its password is in the store as well. */
class Scene implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'tokenkeep-servers-'));
  readonly password = canary('password');
  readonly place: StoreSettings;
  readonly server = new AuthRefreshAuthority({
    accounts: [{ accountId: 'crm', username: 'ada', password: this.password.secret }],
  });
  /** Errors and log lines of the engine. */
  readonly texts: string[] = [];
  #engine: TokenEngine | undefined;

  constructor(stores: StoreServer) {
    this.place = stores.newPlace(this.folder);
  }

  async engine(): Promise<TokenEngine> {
    await this.server.start();
    const line = (facts: object, message: string) => {
      this.texts.push(`${message} ${inspect(facts, { depth: 9 })}`);
    };
    const engine = await createTokenEngine({
      ...keysOf(this.place),
      store: storeOf(this.place),
      providers: [authRefresh({ id: 'crm-api', baseUrl: this.server.url })],
      accounts: [],
      parameters: quick,
      logger: { debug: line, info: line, warn: line, error: line },
      allowInsecureLoopback: true,
    });
    this.#engine = engine;
    const credentials = { username: 'ada', password: this.password.secret };
    await engine.accounts.add({ provider: 'crm-api', account: 'crm', credentials });
    await engine.getToken('crm');
    return engine;
  }

  /** What a call failed with, as somebody might print it. */
  async fails(work: Promise<unknown>): Promise<void> {
    const error = await work.then(
      () => undefined,
      (reason) => reason,
    );
    if (error === undefined) return;
    this.texts.push(inspect(error, { depth: Infinity, showHidden: true }), String(error.stack));
  }

  /** All that is to be found nowhere. Made up by the server: each is random as a whole. */
  get secrets(): readonly Canary[] {
    const sets = this.server.truth.tokens.of('crm').flatMap((family) => family.sets);
    const tokens = sets.flatMap(({ accessToken, refresh }) => [accessToken, refresh?.token ?? '']);
    const made = tokens
      .filter((token) => token !== '')
      .map((token) => ({ kind: 'token', secret: token, random: token.slice(-24) }));
    return [this.password, ...made];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engine?.stop({ deadlineMs: 2_000 });
    await this.server.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

describeStores(
  storeKinds.filter(({ name }) => name !== 'SQLite'),
  ({ name }) => {
    let server: TalkativeServer;
    beforeAll(async () => {
      server = await talkative[name as keyof typeof talkative]();
    });
    afterAll(() => server?.stop());

    test('S18 neither errors nor logs nor what is seen of statements hold a secret', async () => {
      await using scene = new Scene(server.stores);
      const engine = await scene.engine();
      for (const harm of Object.values(server.harm)) {
        const undo = await harm(scene.place);
        await scene.fails(engine.renew('crm'));
        await scene.fails(engine.getToken('crm', { minValidityMs: 3_500_000 }));
        await scene.fails(engine.login('crm'));
        await undo();
        await scene.fails(whenAllowed(() => engine.renew('crm')));
      }
      const said = await server.said();
      // It was listened to, and there was something to hide.
      expect(said).toContain('crm-api/crm');
      for (const proof of server.proof) expect(said).toMatch(proof);
      expect(scene.texts.join()).toMatch(/STORE_UNAVAILABLE/);
      expect(scene.secrets.length).toBeGreaterThan(4);
      expect(scanForCanaries(`${said}${scene.texts.join('\n')}`, scene.secrets)).toEqual([]);
      expect(scene.texts.join()).not.toMatch(/keeper-password|correct-horse/);
    });

    test('S28 what the server has on its disk is sealed, before and after the account is removed', async () => {
      await using scene = new Scene(server.stores);
      const engine = await scene.engine();
      await whenAllowed(() => engine.renew('crm'));
      const before = await server.files();
      expect(before).toContain('crm-api/crm');
      expect(scanForCanaries(before, scene.secrets)).toEqual([]);
      await engine.accounts.remove('crm', { force: true });
      const after = await server.files();
      expect(scanForCanaries(after, scene.secrets)).toEqual([]);
      // The search finds what is there: a password among bytes of this kind.
      expect(scanForCanaries(`${after}${scene.password.secret}`, scene.secrets)).not.toEqual([]);
    });
  },
);

async function talkativePostgres(): Promise<TalkativeServer> {
  const server = await startPostgres({
    settings: {
      log_statement: 'all',
      log_min_duration_statement: '0',
      log_min_error_statement: 'debug5',
      log_error_verbosity: 'verbose',
      log_parameter_max_length_on_error: '-1',
      track_activity_query_size: '65536',
    },
  });
  const since = Date.now();
  const activity: string[] = [];
  const admin = new Client({ connectionString: server.superuserUrl });
  await admin.connect();
  const look = async () => {
    const { rows } = await admin.query('SELECT * FROM pg_stat_activity');
    activity.push(JSON.stringify(rows));
  };
  const changed = (text: (schema: string) => readonly [string, string]): Harm => {
    return async (place) => {
      const [begin, end] = text(place.kind === 'postgres' ? place.schema : '');
      await admin.query(begin);
      return async () => {
        await look();
        await admin.query(end);
      };
    };
  };
  return {
    stores: onPostgres(server),
    harm: {
      'a constraint that no row meets': changed((schema) => [
        `ALTER TABLE ${schema}.rows ADD CONSTRAINT small CHECK (length(body) < 9) NOT VALID`,
        `ALTER TABLE ${schema}.rows DROP CONSTRAINT small`,
      ]),
      'a trigger that casts a body': changed((schema) => [
        `CREATE FUNCTION ${schema}.cast_it() RETURNS trigger LANGUAGE plpgsql
           AS $$ BEGIN PERFORM NEW.body::int; RETURN NEW; END $$;
         CREATE TRIGGER casts BEFORE INSERT OR UPDATE ON ${schema}.rows
           FOR EACH ROW EXECUTE FUNCTION ${schema}.cast_it()`,
        `DROP TRIGGER casts ON ${schema}.rows`,
      ]),
      'a statement that takes too long': changed((schema) => [
        `CREATE FUNCTION ${schema}.dawdle() RETURNS trigger LANGUAGE plpgsql
           AS $$ BEGIN SET LOCAL statement_timeout = 1; PERFORM pg_sleep(1); RETURN NEW; END $$;
         CREATE TRIGGER dawdles BEFORE INSERT OR UPDATE ON ${schema}.rows
           FOR EACH ROW EXECUTE FUNCTION ${schema}.dawdle();
         ALTER ROLE keeper SET statement_timeout = 200;
         SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'keeper'`,
        `DROP TRIGGER dawdles ON ${schema}.rows; ALTER ROLE keeper RESET statement_timeout;
         SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'keeper'`,
      ]),
    },
    proof: [
      /violates check constraint/,
      /invalid input syntax for type integer: "{/,
      /canceling statement due to statement timeout/,
    ],
    said: async () => {
      await look();
      return server.log() + activity.join('\n');
    },
    files: async () => {
      await admin.query('CHECKPOINT');
      return contentOf(server.dataFolder, since);
    },
    stop: async () => {
      await admin.end();
      await server.stop();
    },
  };
}

async function talkativeRedis(): Promise<TalkativeServer> {
  const server = await startRedis({
    config: { loglevel: 'debug', 'slowlog-log-slower-than': '0', 'slowlog-max-len': '10000' },
  });
  const admin = new Redis(server.url);
  const since = Date.now();
  const heard: string[] = [];
  const monitor = await new Redis(server.url).monitor();
  monitor.on('monitor', (_time: string, args: string[]) => heard.push(args.join(' ')));
  /** Something else in the place of a key, until it is put back. */
  const replaced = (name: string, put: (key: string) => Promise<unknown>): Harm => {
    return async (place) => {
      const key = `{${place.kind === 'redis' ? place.prefix : ''}}:${name}`;
      await admin.rename(key, `${key}:kept`);
      await put(key);
      return () => admin.rename(`${key}:kept`, key);
    };
  };
  return {
    stores: onRedis(server),
    harm: {
      'no memory (OOM)': async () => {
        await admin.config('SET', 'maxmemory', '1mb');
        return () => admin.config('SET', 'maxmemory', '0');
      },
      'another type (WRONGTYPE)': replaced('due', (key) => admin.set(key, 'x')),
      'a damaged row (EVAL)': replaced('heads', (key) =>
        admin.hset(key, 'account:crm-api/crm', 'no head'),
      ),
      'a damaged clock (EVAL)': replaced('clock', (key) => admin.hset(key, 'ahead', 'NaN')),
    },
    proof: [/errorstat_OOM/, /errorstat_WRONGTYPE/, /errorstat_TKDAMAGED/],
    said: async () => {
      const slow = await admin.slowlog('GET', 10_000);
      const clients = await admin.client('LIST');
      const errors = await admin.info('errorstats');
      return [server.log(), JSON.stringify(slow), String(clients), errors, ...heard].join('\n');
    },
    files: async () => {
      await admin.save();
      return contentOf(server.dataFolder, since);
    },
    stop: async () => {
      monitor.disconnect();
      admin.disconnect();
      await server.stop();
    },
  };
}

/** Of the files that were written since then: those a server begins with are many, and nobody's. */
function contentOf(folder: string, since: number): string {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const files = paths
    .map((path) => ({ path: join(folder, path), stat: statSync(join(folder, path)) }))
    .filter(({ stat }) => stat.isFile() && stat.mtimeMs >= since);
  // Empty pages are most of a log: what is between them is what counts.
  const texts = files.map(({ path }) => readFileSync(path, 'latin1').replaceAll(/\0{2,}/g, '\0'));
  return texts.join('\n');
}
