import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { asServerUser, serverProgram, startPostgres } from '@tokenkeep/servers';
import { postgresStore } from '@tokenkeep/store-postgres';
import { change } from '@tokenkeep/testing/conformance';
import pg from 'pg';
import { describeWithPostgres, sql } from './private-server.js';

/** What a session asks of the server by default, for all users of the database. */
async function asRoleSetting(superuserUrl: string, setting: string, work: () => Promise<void>) {
  await sql(superuserUrl, `ALTER ROLE keeper SET ${setting}`);
  try {
    await work();
  } finally {
    await sql(superuserUrl, 'ALTER ROLE keeper RESET ALL');
  }
}

describeWithPostgres('what PostgreSQL promises', (server) => {
  test('a server with its defaults has no weaknesses, and those of a store are known after open', async () => {
    const store = postgresStore({ url: server().url, schema: server.newSchema() });
    expect(store.traits.weaknesses).toBeUndefined();
    await store.open();
    expect(store.traits.weaknesses).toEqual([]);
    await store.close();
  });

  test.each(['off', 'local'])(
    'synchronous_commit = %s of the role does not reach the writes of the store',
    async (value) => {
      const { url, superuserUrl } = server();
      const schema = server.newSchema();
      await asRoleSetting(superuserUrl, `synchronous_commit = ${value}`, async () => {
        const pool = new pg.Pool({ connectionString: url, max: 1 });
        const store = postgresStore({ pool, schema });
        await store.open();
        expect(store.traits.weaknesses).toEqual([]);
        // What the transaction has when it commits is seen by a trigger that runs then.
        await pool.query(`CREATE TABLE ${schema}.seen (setting text);
        CREATE FUNCTION ${schema}.see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          INSERT INTO ${schema}.seen VALUES (current_setting('synchronous_commit')); RETURN NULL;
        END $$;
        CREATE CONSTRAINT TRIGGER see AFTER INSERT OR UPDATE ON ${schema}.rows
          DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ${schema}.see()`);
        const { ms } = await store.now();
        await store.write([change('a', { due: ms })]);
        await store.claimDue({ ids: ['a'], holder: 'me', leaseMs: 1, limit: 1 });
        const { rows } = await pool.query(`SELECT setting FROM ${schema}.seen`);
        expect(rows).toEqual([{ setting: 'on' }, { setting: 'on' }]);
        // The session, which is the host's, is as it was.
        const { rows: after } = await pool.query('SHOW synchronous_commit');
        expect(after).toEqual([{ synchronous_commit: value }]);
        await store.close();
        await pool.end();
      });
    },
  );

  test.each([
    ['default_transaction_read_only = on', 'read_only'],
    ["default_transaction_isolation = 'serializable'", 'isolation_level'],
    ['extra_float_digits = 0', 'float_digits'],
  ])('a role with %s is refused with the statement that changes it', async (setting, reason) => {
    const { url, superuserUrl } = server();
    await asRoleSetting(superuserUrl, setting, async () => {
      await expect(postgresStore({ url, schema: 'refused' }).open()).rejects.toMatchObject({
        code: 'STORE_MISCONFIGURED',
        reason,
        message: expect.stringMatching(/ALTER ROLE keeper SET /),
      });
    });
  });

  test('a database that is not in UTF-8 is refused', async () => {
    const { url, superuserUrl } = server();
    await sql(
      superuserUrl,
      "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'",
    );
    await expect(
      postgresStore({ url: url.replace('/tokens', '/latin') }).open(),
    ).rejects.toMatchObject({
      code: 'STORE_MISCONFIGURED',
      reason: 'encoding',
    });
  });

  test('an unlogged table is a weakness, with the statement that ends it', async () => {
    const { url } = server();
    const schema = server.newSchema();
    const store = postgresStore({ url, schema, whenNotDurable: 'warn' });
    await store.open();
    await sql(url, `ALTER TABLE ${schema}.rows SET UNLOGGED`);
    await store.close();
    await store.open();
    const { weaknesses = [], weaknessesAccepted } = store.traits;
    expect(weaknessesAccepted).toBe(true);
    expect(weaknesses).toHaveLength(1);
    await sql(url, String(weaknesses[0]).split('Run: ')[1]?.replace(/\.$/, '') ?? '');
    await store.close();
    await store.open();
    expect(store.traits.weaknesses).toEqual([]);
    await store.close();
  });

  test('a standby is refused; once it is promoted it is used', async () => {
    const { superuserUrl, newFolder } = server();
    const dataFolder = join(newFolder(), 'standby');
    const backup = [serverProgram('pg_basebackup') ?? '', '-D', dataFolder, '-d', superuserUrl];
    const [program = '', ...args] = asServerUser([
      ...backup,
      '--write-recovery-conf',
      '-c',
      'fast',
      '--no-sync',
    ]);
    execFileSync(program, args, { stdio: 'pipe', cwd: '/' });
    const standby = await startPostgres({ dataFolder });
    try {
      const store = postgresStore({ url: standby.url, schema: 'standby' });
      await expect(store.open()).rejects.toMatchObject({
        code: 'STORE_MISCONFIGURED',
        reason: 'standby',
      });
      await sql(standby.superuserUrl, 'SELECT pg_promote(true, 30)');
      await store.open();
      expect(await store.write([change('a')])).toMatchObject({ written: true });

      // What a standby says may be old, so an open store does not repeat it.
      writeFileSync(join(dataFolder, 'standby.signal'), '');
      await standby.restart('fast');
      for (const call of [
        () => store.read('account', 'a'),
        () => store.list('account', undefined, 9),
        () => store.write([change('b')]),
        () => store.upcoming(undefined, 1),
      ]) {
        await expect(call()).rejects.toMatchObject({
          code: 'STORE_UNAVAILABLE',
          reason: 'read_only',
          retryable: true,
        });
      }
      await sql(standby.superuserUrl, 'SELECT pg_promote(true, 30)');
      expect((await store.read('account', 'a')).row?.version).toBe(1);
      await store.close();
    } finally {
      await standby.stop();
    }
  });
});

describeWithPostgres(
  'a server without fsync',
  (server) => {
    test('says so in sentences that name the setting', async () => {
      const store = postgresStore({ url: server().url });
      await store.open();
      expect(store.traits.weaknesses).toEqual([
        expect.stringContaining('Set fsync = on'),
        expect.stringContaining('Set full_page_writes = on'),
      ]);
      await store.close();
    });
  },
  { settings: { fsync: 'off', full_page_writes: 'off' } },
);
