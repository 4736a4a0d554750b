import { afterAll, beforeAll, describe, test } from '@jest/globals';
import {
  type PostgresServer,
  type PostgresServerOptions,
  postgresMissing,
  startPostgres,
} from '@tokenkeep/servers';
import pg from 'pg';

/** `describe` where PostgreSQL is installed; elsewhere it says what to install. */
export function describeWithPostgres(
  name: string,
  tests: (server: ServerOfTests) => void,
  options?: PostgresServerOptions,
): void {
  if (postgresMissing === undefined) describe(name, () => tests(serverOfTests(options)));
  else describe.skip(`${name}: ${postgresMissing}`, () => test('is left out', () => {}));
}

export interface ServerOfTests {
  /** The server, once tests run. */
  (): PostgresServer;
  newSchema(): string;
}

/** One private server for the tests of a file. */
function serverOfTests(options: PostgresServerOptions = {}): ServerOfTests {
  let server: PostgresServer | undefined;
  let schemas = 0;
  beforeAll(async () => {
    server = await startPostgres(options);
  }, 60_000);
  afterAll(() => server?.stop());
  const get = () => {
    if (server === undefined) throw new Error('The server runs while tests do.');
    return server;
  };
  return Object.assign(get, {
    newSchema: () => {
      schemas += 1;
      return `place_${schemas}`;
    },
  });
}

/** Runs SQL beside the store. */
export async function sql(url: string, text: string, values?: unknown[]): Promise<any[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text, values)).rows;
  } finally {
    await client.end();
  }
}
