import { Queue, Worker } from 'bullmq';
import PgBoss from 'pg-boss';
import type { Place } from './open-place.js';

const QUEUE = 'renew';
const AT_ONCE = 64;
const ADDED_AT_ONCE = 1_000;

/** A job for each token, all of them due. */
export async function addJobs({ kind, url }: Place, count: number): Promise<void> {
  if (kind === 'postgres') {
    const boss = new PgBoss({ connectionString: url, schema: 'pgboss' });
    await boss.start();
    await boss.createQueue(QUEUE);
    for (let at = 0; at < count; at += ADDED_AT_ONCE) {
      await boss.insert(jobs(at, count).map((account) => ({ name: QUEUE, data: { account } })));
    }
    await boss.stop({ graceful: false });
    return;
  }
  const queue = new Queue(QUEUE, { connection: connectionOf(url) });
  for (let at = 0; at < count; at += ADDED_AT_ONCE) {
    await queue.addBulk(jobs(at, count).map((account) => ({ name: QUEUE, data: { account } })));
  }
  await queue.close();
}

function jobs(first: number, count: number): number[] {
  const length = Math.min(ADDED_AT_ONCE, count - first);
  return Array.from({ length }, (_, at) => first + at);
}

/**
 * Does the jobs, and nothing in them: neither a token nor a record is written. pg-boss's own workers
 * wait half a second between two jobs, so jobs are fetched and completed here without a pause.
 */
export async function peerLoop({ kind, url }: Place, done: () => void): Promise<void> {
  if (kind === 'redis') {
    const work = async () => done();
    new Worker(QUEUE, work, { connection: connectionOf(url), concurrency: AT_ONCE });
    return;
  }
  const boss = new PgBoss({ connectionString: url, schema: 'pgboss', max: 10 });
  await boss.start();
  for (;;) {
    const found = await boss.fetch(QUEUE, { batchSize: AT_ONCE });
    await Promise.all(found.map(({ id }) => boss.complete(QUEUE, id).then(done)));
  }
}

function connectionOf(url: string) {
  const { hostname: host, port, password } = new URL(url);
  return { host, port: Number(port), password, maxRetriesPerRequest: null };
}
