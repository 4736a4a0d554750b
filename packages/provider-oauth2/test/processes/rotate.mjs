// One of two processes that share an account: renews it again and again, until it has been renewed
// often enough by either. Settings are a line of JSON on stdin; the answer is one on stdout.

import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTokenEngine } from '@tokenkeep/core';
import { oauth2 } from '@tokenkeep/provider-oauth2';
import { sqliteStore } from '@tokenkeep/store-sqlite';

const lines = createInterface(process.stdin)[Symbol.asyncIterator]();
const { path, options, account, generations } = JSON.parse((await lines.next()).value);

const engine = await createTokenEngine({
  store: sqliteStore({ path }),
  providers: [oauth2(options)],
  accounts: [account],
  allowInsecureLoopback: true,
  // The hourly caps are for machines that have gone wild, which these two are to look like.
  parameters: { gapMs: 1, usableCap: 100_000, otherCap: 100_000 },
});
let renewed = 0;
engine.on('token:renewed', () => {
  renewed += 1;
});
process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
await lines.next();

/** @type {string[]} */
const errors = [];
let generation = 0;
while (generation < generations && errors.length === 0) {
  try {
    ({ generation } = await engine.renew('crm'));
  } catch (thrown) {
    const error = /** @type {import('@tokenkeep/core').TokenError} */ (thrown);
    // The other one is at it, or was a moment ago.
    if (error.retryable && ['held', 'gap'].includes(error.reason ?? '')) await sleep(5);
    else errors.push(`${error.code} ${error.reason ?? ''} ${error.message}`);
  }
}
await engine.stop();
process.stdout.write(`${JSON.stringify({ generation, renewed, errors })}\n`);
lines.return?.();
process.stdin.destroy();
