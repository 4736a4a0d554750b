import type { StoredRow } from '@tokenkeep/core';
import { Redis } from 'ioredis';
import pg from 'pg';
import type { Place } from './open-place.js';

/** Puts rows into a store, many at once, as the store itself would have written them. */
export interface RowPutter {
  put(rows: readonly StoredRow[]): Promise<void>;
  end(): Promise<void>;
}

const AT_ONCE = 500;

export async function rowPutter(place: Place): Promise<RowPutter> {
  return place.kind === 'postgres' ? intoPostgres(place) : intoRedis(place);
}

async function intoPostgres({ url, schema }: Place & { kind: 'postgres' }): Promise<RowPutter> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('SET synchronous_commit = off');
  return {
    async put(rows) {
      for (let at = 0; at < rows.length; at += AT_ONCE) {
        const some = rows.slice(at, at + AT_ONCE);
        await client.query(
          `INSERT INTO "${schema}".rows (kind, id, version, due, fence, updated_at, body)
           SELECT 'account', g.id, g.version, g.due, g.fence,
             extract(epoch FROM now())::float8 * 1000, g.body
           FROM unnest($1::text[], $2::int8[], $3::float8[], $4::int8[], $5::text[])
             AS g (id, version, due, fence, body)`,
          [
            some.map(({ id }) => id),
            some.map(({ version }) => version),
            some.map(({ due }) => due),
            some.map(({ fence }) => fence),
            some.map(({ body }) => body),
          ],
        );
      }
    },
    end: () => client.end(),
  };
}

async function intoRedis({ url, prefix }: Place & { kind: 'redis' }): Promise<RowPutter> {
  const client = new Redis(url);
  const key = (name: string) => `{${prefix}}:${name}`;
  return {
    async put(rows) {
      for (let at = 0; at < rows.length; at += AT_ONCE) {
        const some = rows.slice(at, at + AT_ONCE);
        const field = ({ id }: StoredRow) => `account:${id}`;
        const head = ({ version, due, fence }: StoredRow) => `${version} ${due} ${fence} - -`;
        await client
          .pipeline()
          .hset(key('bodies'), ...some.flatMap((row) => [field(row), row.body]))
          .hset(key('heads'), ...some.flatMap((row) => [field(row), head(row)]))
          .zadd(key('ids'), ...some.flatMap((row) => [0, field(row)]))
          .zadd(key('due'), ...some.flatMap(({ due, id }) => [due ?? 0, id]))
          .exec();
      }
    },
    end: async () => client.disconnect(),
  };
}
