// Renewals driven by BullMQ: one repeating job, whose handler is a tick. See
// docs/how-to/renew-from-a-job-system.md. Run as many of these processes as you like.

import { setTimeout as pause } from 'node:timers/promises';
import { createTokenEngine, sharedKeyring } from '@tokenkeep/core';
import { authRefresh } from '@tokenkeep/provider-auth-refresh';
import { redisStore } from '@tokenkeep/store-redis';
import { Queue, Worker } from 'bullmq';

const {
  TOKENKEEP_STORE: url = '',
  KEY_FILE = '',
  ESCROW_FOLDER = '',
  API_URL = '',
  LOGINS = '[]',
} = process.env;
/** In production a few seconds: these are for tokens that live for two. */
const EVERY_MS = 1_000;
const QUEUE = 'token-renewal';

/** @type {{ username: string, password: string }[]} */
const logins = JSON.parse(LOGINS);
const engine = await createTokenEngine({
  store: redisStore({ url, escrowFolder: ESCROW_FOLDER }),
  keyring: sharedKeyring(KEY_FILE),
  providers: [authRefresh({ id: 'crm', baseUrl: API_URL })],
  accounts: logins.map((credentials) => ({
    provider: 'crm',
    account: credentials.username,
    credentials,
  })),
  // For a sandbox on this machine; it changes nothing for https.
  allowInsecureLoopback: true,
});

const connection = { url, maxRetriesPerRequest: null };
const queue = new Queue(QUEUE, { connection });
const worker = new Worker(
  QUEUE,
  async () => {
    const { renewed } = await engine.tick();
    if (renewed > 0) console.log(`renewed ${renewed}`);
  },
  // A job that died with its process is found after this long: until then nobody plans the next one.
  { connection, lockDuration: 10_000, stalledInterval: 5_000 },
);
queue.on('error', ({ message }) => console.error(message));
worker.on('error', ({ message }) => console.error(message));
// The next job is the retry.
worker.on('failed', (_job, { message }) => console.error(message));
// Every process says so, and there is one: the scheduler's name is its identity.
await queue.upsertJobScheduler(
  'tick',
  { every: EVERY_MS },
  { opts: { removeOnComplete: true, removeOnFail: 100 } },
);
console.log('ready');

process.once('SIGTERM', async () => {
  // First no more jobs, then the tick that runs, and the engine last.
  await Promise.race([worker.close(), pause(30_000)]);
  await queue.close();
  await engine.stop();
  process.exit(0);
});
