// Renewals driven by pg-boss: one job in each slot of time, whose handler is a tick. See
// docs/how-to/renew-from-a-job-system.md. Run as many of these processes as you like.

import { setTimeout } from 'node:timers/promises';
import { createTokenEngine, sharedKeyring } from '@tokenkeep/core';
import { authRefresh } from '@tokenkeep/provider-auth-refresh';
import { postgresStore } from '@tokenkeep/store-postgres';
import PgBoss from 'pg-boss';

const {
  TOKENKEEP_STORE: url = '',
  KEY_FILE = '',
  ESCROW_FOLDER = '',
  API_URL = '',
  LOGINS = '[]',
} = process.env;
/** In production a few: this is for tokens that live for two. */
const EVERY_SECONDS = 1;
const QUEUE = 'token-renewal';

/** @type {{ username: string, password: string }[]} */
const logins = JSON.parse(LOGINS);
const engine = await createTokenEngine({
  store: postgresStore({ url, escrowFolder: ESCROW_FOLDER }),
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

const say = (/** @type {unknown} */ error) =>
  console.error(error instanceof Error ? error.message : 'unknown');
const boss = new PgBoss({ connectionString: url });
boss.on('error', say);
await boss.start();
// Of jobs that wait there is one: ticks that were missed need not be made up for.
const makeQueue = async (triesLeft = 5) => {
  try {
    await boss.createQueue(QUEUE, { name: QUEUE, policy: 'short' });
  } catch (error) {
    // The first two processes may deadlock over its table: each pauses for a time of its own.
    if (triesLeft === 0) throw error;
    await setTimeout(Math.random() * 500);
    await makeQueue(triesLeft - 1);
  }
};
await makeQueue();
await boss.work(QUEUE, { pollingIntervalSeconds: 0.5 }, async () => {
  const { renewed } = await engine.tick();
  if (renewed > 0) console.log(`renewed ${renewed}`);
});

/**
 * Cron in pg-boss counts in minutes. For less, every process asks for the next job, and a slot of time
 * has one: no chain of jobs that a killed process could break. The next job is the retry.
 */
const ask = () =>
  boss
    .send(QUEUE, {}, { singletonSeconds: EVERY_SECONDS, singletonNextSlot: true, retryLimit: 0 })
    .catch(say);
await ask();
const asking = setInterval(ask, EVERY_SECONDS * 1_000);
console.log('ready');

process.once('SIGTERM', async () => {
  // First no more jobs, then the tick that runs, and the engine last.
  clearInterval(asking);
  await boss.stop({ timeout: 30_000 });
  await engine.stop();
  process.exit(0);
});
