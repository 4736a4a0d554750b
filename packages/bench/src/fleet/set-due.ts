import { Redis } from 'ioredis';
import pg from 'pg';
import type { Place } from './open-place.js';

const AT_ONCE = 1_000;

/** Sets when the accounts of a fleet that nobody renews yet are due: one after the other. */
export async function setDue(
  place: Place,
  accounts: number,
  dueFrom: number,
  dueEvery: number,
): Promise<void> {
  if (place.kind === 'postgres') {
    const client = new pg.Client({ connectionString: place.url });
    await client.connect();
    await client.query(
      `UPDATE "${place.schema}".rows SET due = $1::float8 + split_part(id, '/', 2)::int8 * $2::float8
       WHERE kind = 'account'`,
      [dueFrom, dueEvery],
    );
    await client.end();
    return;
  }
  const client = new Redis(place.url);
  const [heads, due] = [`{${place.prefix}}:heads`, `{${place.prefix}}:due`];
  for (let first = 0; first < accounts; first += AT_ONCE) {
    const length = Math.min(AT_ONCE, accounts - first);
    const some = Array.from({ length }, (_, at) => {
      const index = first + at;
      return { id: `bench/${String(index).padStart(8, '0')}`, due: dueFrom + index * dueEvery };
    });
    const old = await client.hmget(heads, ...some.map(({ id }) => `account:${id}`));
    const head = (at: number, moment: number) =>
      String(old[at]).replace(/^(\S+) \S+/, `$1 ${moment}`);
    await client
      .pipeline()
      .hset(heads, ...some.flatMap((row, at) => [`account:${row.id}`, head(at, row.due)]))
      .zadd(due, ...some.flatMap((row) => [row.due, row.id]))
      .exec();
  }
  client.disconnect();
}
