import { once } from 'node:events';
import { connect as connectTo, createServer, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { expect, test } from '@jest/globals';
import { TokenError, type TokenStore } from '@tokenkeep/core';
import { postgresStore } from '@tokenkeep/store-postgres';
import { change } from '@tokenkeep/testing/conformance';
import pg from 'pg';
import { describeWithPostgres, sql } from './private-server.js';

async function failureOf(work: Promise<unknown>): Promise<TokenError> {
  const error: unknown = await work.then(
    () => new Error('It succeeded.'),
    (reason: unknown) => reason,
  );
  if (!TokenError.is(error)) throw error;
  expect(`${inspect(error, { depth: 9 })}${error.stack}`).not.toMatch(/-password|hunter2|row body/);
  return error;
}

async function eventually(work: () => Promise<unknown>): Promise<void> {
  for (let left = 200; ; left -= 1) {
    try {
      await work();
      return;
    } catch (error) {
      if (left === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
}

describeWithPostgres('when PostgreSQL fails', (server) => {
  const opened = async (facts: object = {}): Promise<TokenStore> => {
    const store = postgresStore({ url: server().url, schema: server.newSchema(), ...facts });
    await store.open();
    return store;
  };

  test.each([
    ['a wrong password', { password: 'hunter2' }, 'STORE_MISCONFIGURED', 'login_refused'],
    ['no password', { password: '' }, 'STORE_MISCONFIGURED', 'login_refused'],
    ['an unknown user', { username: 'stranger' }, 'STORE_MISCONFIGURED', 'login_refused'],
    ['an unknown database', { pathname: '/nowhere' }, 'STORE_MISCONFIGURED', 'no_database'],
    ['a server without TLS', { search: '?sslmode=verify-full' }, 'STORE_MISCONFIGURED', 'tls'],
    [
      'a missing certificate',
      { search: '?sslmode=verify-full&sslrootcert=/nowhere/ca.pem' },
      'STORE_MISCONFIGURED',
      'no_file',
    ],
    ['nobody who listens', { port: '1' }, 'STORE_UNAVAILABLE', 'unreachable'],
    ['an unknown host', { hostname: 'nowhere.invalid' }, 'STORE_UNAVAILABLE', 'unreachable'],
  ])('%s is told from open()', async (_, facts, code, reason) => {
    const url = Object.assign(new URL(server().url), facts).href;
    const store = postgresStore({ url });
    const error = await failureOf(store.open());
    expect([error.code, error.reason]).toEqual([code, reason]);
    expect(error.retryable).toBe(code === 'STORE_UNAVAILABLE');
    await store.close();
  });

  test('open() may be called again after it failed', async () => {
    const { url, superuserUrl } = server();
    await sql(superuserUrl, 'ALTER ROLE keeper NOLOGIN');
    const store = postgresStore({ url, schema: server.newSchema() });
    expect((await failureOf(store.open())).reason).toBe('login_refused');
    await sql(superuserUrl, 'ALTER ROLE keeper LOGIN');
    await store.open();
    expect((await store.now()).epoch).toBe(1);
    await store.close();
  });

  test('a server that crashes in the middle of writes loses none that it confirmed', async () => {
    const store = await opened();
    const other = await opened();
    const confirmed: string[] = [];
    const failures: TokenError[] = [];
    const writing = Array.from({ length: 8 }, async (_, writer) => {
      for (let count = 0; failures.length < 8; count += 1) {
        const id = `${writer}-${count}`;
        try {
          await store.write([change(id, { body: '"row body"' })]);
          confirmed.push(id);
        } catch (error) {
          failures.push(await failureOf(Promise.reject(error)));
          return;
        }
      }
    });
    await new Promise((resolve) => setTimeout(resolve, 150));
    await server().kill();
    await Promise.all(writing);
    for (const { code, retryable } of failures) {
      expect([code, retryable]).toEqual(['STORE_UNAVAILABLE', true]);
    }
    expect((await failureOf(other.now())).code).toBe('STORE_UNAVAILABLE');
    await server().restart('immediate');
    // The next call of each works, without opening anything again.
    await other.now();
    const kept = (await store.list('account', undefined, 100_000)).map(({ id }) => id);
    expect(confirmed.length).toBeGreaterThan(0);
    expect(kept).toEqual(expect.arrayContaining(confirmed));
    await store.close();
    await other.close();
  });

  test.each(['fast', 'immediate'] as const)(
    'after a restart (%s) the next call works, and who watched is told again',
    async (mode) => {
      const store = await opened();
      const told: string[] = [];
      await store.watch?.((id) => void told.push(id));
      await store.write([change('a')]);
      await server().restart(mode);
      await store.write([change('b')]);
      let version = 0;
      await eventually(async () => {
        await store.write([change('c', { expected: version })]);
        version += 1;
        if (!told.includes('c')) throw new Error('not told yet');
      });
      await store.close();
    },
  );

  test('a pool of the host outlives the store, and a restart of the server', async () => {
    const pool = new pg.Pool({ connectionString: server().url, max: 2 });
    const store = postgresStore({ pool, schema: server.newSchema() });
    await store.open();
    await store.write([change('a')]);
    const watching = await store.watch?.(() => {});
    await server().restart('immediate');
    await eventually(() => store.read('account', 'a'));
    await watching?.stop();
    await store.close();
    pool.on('error', () => {});
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    expect(pool.totalCount).toBe(pool.idleCount);
    await pool.end();
    await store.open().catch(async (error) => {
      expect((await failureOf(Promise.reject(error))).reason).toBe('pool_ended');
    });
  });

  test('a row that another session has locked refuses a write, and is skipped by claims', async () => {
    const schema = server.newSchema();
    const store = await opened({ schema, timeoutMs: 500 });
    const { ms } = await store.now();
    await store.write([change('a', { due: ms }), change('b', { due: ms })]);
    const session = new pg.Client({ connectionString: server().url });
    await session.connect();
    await session.query(`BEGIN; SELECT 1 FROM ${schema}.rows WHERE id = 'a' FOR UPDATE`);
    const error = await failureOf(store.write([change('a', { expected: 1, body: '"row body"' })]));
    expect([error.code, error.reason, error.retryable]).toEqual([
      'STORE_UNAVAILABLE',
      'row_locked',
      true,
    ]);
    const query = { ids: ['a', 'b'], holder: 'me', leaseMs: 1, limit: 2 };
    expect((await store.claimDue(query)).rows.map(({ id }) => id)).toEqual(['b']);
    await session.end();
    await eventually(async () =>
      expect(await store.write([change('a', { expected: 1 })])).toMatchObject({ written: true }),
    );
    await store.close();
  });

  test('a write that hangs holds up neither claims nor other writes for long', async () => {
    const schema = server.newSchema();
    const store = await opened({ schema });
    const { ms } = await store.now();
    await store.write([change('a', { due: ms }), change('b', { due: ms })]);
    const session = new pg.Client({ connectionString: server().url });
    await session.connect();
    await session.query(`BEGIN; SELECT 1 FROM ${schema}.rows WHERE id = 'a' FOR UPDATE`);
    const hanging = failureOf(store.write([change('a', { expected: 1 })]));
    await new Promise((resolve) => setTimeout(resolve, 100));
    const start = performance.now();
    const query = { ids: ['a', 'b'], holder: 'me', leaseMs: 1, limit: 2 };
    const [{ rows }, other] = await Promise.all([
      store.claimDue(query),
      store.write([change('c')]),
    ]);
    expect(rows.map(({ id }) => id)).toEqual(['b']);
    expect(other.written).toBe(true);
    expect(performance.now() - start).toBeLessThan(3_000);
    expect((await hanging).reason).toBe('row_locked');
    await session.end();
    await store.close();
  });

  test('a server that falls silent holds nobody up for longer than timeoutMs', async () => {
    const sockets = new Set<Socket>();
    let isSilent = false;
    const proxy = createServer((near) => {
      const far = connectTo(server().port, '127.0.0.1');
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        sockets.add(from);
        from.on('data', (bytes) => isSilent || to.write(bytes)).on('error', () => {});
        from.on('close', () => isSilent || to.destroy());
      }
    }).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const url = new URL(server().url);
    url.port = String((proxy.address() as { port: number }).port);
    const store = await opened({ url: url.href, timeoutMs: 300 });
    isSilent = true;
    const start = performance.now();
    for (const call of [
      store.write([change('a')]),
      store.now(),
      store.identity(),
      store.upcoming(undefined, 1),
    ]) {
      const error = await failureOf(call);
      expect([error.code, error.reason, error.retryable]).toEqual([
        'STORE_UNAVAILABLE',
        'timeout',
        true,
      ]);
    }
    expect((await failureOf(store.watch?.(() => {}) ?? Promise.resolve())).reason).toBe('timeout');
    expect(performance.now() - start).toBeLessThan(3_000);
    isSilent = false;
    await eventually(() => store.now());
    await store.close();
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });

  test('a session that an administrator ends is replaced', async () => {
    const store = await opened();
    await store.now();
    const ended = await sql(
      server().superuserUrl,
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tokenkeep'",
    );
    expect(ended.length).toBeGreaterThan(0);
    await eventually(() => store.now());
    await store.close();
  });

  test('tables that are gone, a read-only server and a closed store have errors of their own', async () => {
    const schema = server.newSchema();
    const store = await opened({ schema });
    const { superuserUrl } = server();
    await sql(superuserUrl, `ALTER TABLE ${schema}.rows RENAME TO elsewhere`);
    expect((await failureOf(store.read('account', 'a'))).reason).toBe('no_schema');
    await sql(
      superuserUrl,
      `ALTER TABLE ${schema}.elsewhere RENAME TO rows; REVOKE INSERT ON ${schema}.rows FROM keeper`,
    );
    expect((await failureOf(store.write([change('a')]))).reason).toBe('permission_denied');
    await store.close();
    await store.close();
    expect((await failureOf(store.now())).reason).toBe('not_open');
    expect((await failureOf(store.watch?.(() => {}) ?? Promise.resolve())).reason).toBe('not_open');
  });
});
