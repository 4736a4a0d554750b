import { Redis } from 'ioredis';
import pg from 'pg';
import type { Place } from './open-place.js';

/** What a store takes: tables with their indexes, or all of the server's memory. */
export async function bytesIn(place: Place): Promise<number> {
  if (place.kind === 'redis') {
    const client = new Redis(place.url);
    const info = await client.info('memory');
    client.disconnect();
    return Number(/used_memory:(\d+)/.exec(info)?.[1]);
  }
  const client = new pg.Client({ connectionString: place.url });
  await client.connect();
  const { rows } = await client.query('SELECT pg_total_relation_size($1::regclass) AS bytes', [
    `"${place.schema}".rows`,
  ]);
  await client.end();
  return Number(rows[0]?.bytes);
}
