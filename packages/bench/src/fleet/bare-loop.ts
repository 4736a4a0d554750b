import { Redis } from 'ioredis';
import pg from 'pg';
import { LIFETIME_MS } from './bench-provider.js';
import type { Place } from './open-place.js';

const BATCH = 64;
const LEASE_MS = 10_000;

/** A row that is claimed: what it takes to write it again, as large as it was. */
interface Claimed {
  readonly id: string;
  readonly version: number;
  readonly body: string;
}

/** What nobody can do without who renews on this server: a claim, and two updates for each row. */
interface BareServer {
  claim(limit: number): Promise<readonly Claimed[]>;
  update(row: Claimed, due: number): Promise<void>;
  end(): Promise<unknown>;
}

/**
 * Claims a batch and writes each row of it twice, each time for good, as many at once as the engine
 * has under way. It decides nothing, seals nothing, checks nothing, and asks nobody for a token.
 */
export async function bareLoop(
  place: Place,
  connections: number,
  tell: { readonly renewed: () => void; readonly ranDry: () => void },
): Promise<never> {
  const server = place.kind === 'postgres' ? onPostgres(place, connections) : onRedis(place);
  let running = 0;
  let wake = () => {};
  const renew = async (row: Claimed) => {
    await server.update(row, Date.now() + LEASE_MS);
    await server.update({ ...row, version: row.version + 1 }, Date.now() + LIFETIME_MS);
    tell.renewed();
    running -= 1;
    wake();
  };
  for (;;) {
    while (BATCH - running < BATCH / 4) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    const rows = await server.claim(BATCH - running);
    running += rows.length;
    if (rows.length === 0) {
      tell.ranDry();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    for (const row of rows) void renew(row);
  }
}

function onPostgres({ url, schema }: Place & { kind: 'postgres' }, max: number): BareServer {
  const pool = new pg.Pool({ connectionString: url, max });
  const rows = `"${schema}".rows`;
  return {
    async claim(limit) {
      const { rows: claimed } = await pool.query<Claimed>({
        name: 'claim',
        text: `UPDATE ${rows} SET version = version + 1, fence = fence + 1, holder = 'bare',
            lease_until = $1::float8 + ${LEASE_MS}
          WHERE kind = 'account' AND id = ANY (ARRAY(
            SELECT id FROM ${rows} WHERE kind = 'account' AND due <= $1::float8
              AND (lease_until IS NULL OR lease_until <= $1::float8)
            ORDER BY due, id LIMIT $2 FOR UPDATE SKIP LOCKED))
          RETURNING id, version, body`,
        values: [Date.now(), limit],
      });
      return claimed.map((row) => ({ ...row, version: Number(row.version) }));
    },
    async update({ id, version, body }, due) {
      await pool.query({
        name: 'update',
        text: `UPDATE ${rows} SET version = version + 1, due = $4, body = $3, lease_until = NULL
          WHERE kind = 'account' AND id = $1 AND version = $2`,
        values: [id, version, body, due],
      });
    },
    end: () => pool.end(),
  };
}

/** Over its own copy of some rows, as the store's are packed in its own way. */
function onRedis({ url, prefix }: Place & { kind: 'redis' }): BareServer {
  const client = new Redis(url);
  const [bodies, due] = [`{${prefix}}:bodies`, `{${prefix}}:due`];
  client.defineCommand('bareClaim', {
    numberOfKeys: 2,
    lua: `local ids = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
      local reply = {}
      for _, id in ipairs(ids) do
        redis.call('ZADD', KEYS[2], ARGV[1] + ${LEASE_MS}, id)
        reply[#reply + 1] = id
        reply[#reply + 1] = redis.call('HGET', KEYS[1], 'account:' .. id)
      end
      return reply`,
  });
  client.defineCommand('bareUpdate', {
    numberOfKeys: 2,
    lua: `redis.call('HSET', KEYS[1], 'account:' .. ARGV[1], ARGV[2])
      redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])
      return 1`,
  });
  const scripts = client as unknown as {
    bareClaim(...args: (string | number)[]): Promise<string[]>;
    bareUpdate(...args: (string | number)[]): Promise<number>;
  };
  return {
    async claim(limit) {
      const parts = await scripts.bareClaim(bodies, due, Date.now(), limit);
      return Array.from({ length: parts.length / 2 }, (_, at) => ({
        id: parts[2 * at] ?? '',
        version: 1,
        body: parts[2 * at + 1] ?? '',
      }));
    },
    async update({ id, body }, dueAt) {
      await scripts.bareUpdate(bodies, due, id, body, dueAt);
    },
    end: async () => client.disconnect(),
  };
}
