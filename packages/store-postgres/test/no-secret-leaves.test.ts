import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect, test } from '@jest/globals';
import { postgresStore } from '@tokenkeep/store-postgres';
import { change } from '@tokenkeep/testing/conformance';
import { describeWithPostgres, sql } from './private-server.js';

describeWithPostgres('what PostgreSQL is shown', (server) => {
  test('S18 an error of a constraint carries nothing of the row, and no statement shows a body', async () => {
    const { url, superuserUrl } = server();
    const schema = server.newSchema();
    const store = postgresStore({ url, schema });
    await store.open();
    await sql(url, `ALTER TABLE ${schema}.rows ADD CONSTRAINT small CHECK (length(body) < 100)`);
    const body = JSON.stringify(`canary-body-${'x'.repeat(200)}`);
    const error = await store.write([change('canary-id', { body })]).catch((reason) => reason);
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', reason: 'driver_error' });
    expect(error.message).toContain('SQLSTATE 23514');
    const own = Object.getOwnPropertyNames(error).map((name) => String(error[name]));
    expect([inspect(error), error.stack, ...own].join()).not.toMatch(/canary|small|INSERT/);

    await store.write([change('canary-id', { body: '"canary-body"' })]);
    await store.claimDue({ ids: ['canary-id'], holder: 'canary-holder', leaseMs: 1, limit: 1 });
    const shown = await sql(superuserUrl, 'SELECT query FROM pg_stat_activity');
    const statements = shown.map(({ query }) => query).join();
    expect(statements).toContain(`"${schema}"`);
    expect(statements).not.toContain('canary');
    await store.close();
  });

  test('S28 the files and the log of the server hold what the engine passed in, and no password', async () => {
    const { url, superuserUrl, dataFolder, log } = server();
    const schema = server.newSchema();
    const store = postgresStore({ url, schema });
    await store.open();
    await store.write([change('canary-of-files', { body: '"sealed-canary"' })]);
    await store.write([change('canary-of-files'), change('other')]);
    await store.close();
    await sql(superuserUrl, 'CHECKPOINT');
    const files = readFilesOf(dataFolder);
    expect(files).toContain('sealed-canary');
    expect(files).not.toContain('keeper-password');
    expect(log()).not.toMatch(/sealed-canary|keeper-password/);
  });
});

function readFilesOf(folder: string): string {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const files = paths.map((path) => join(folder, path)).filter((path) => statSync(path).isFile());
  return files.map((path) => readFileSync(path, 'latin1')).join('\n');
}
