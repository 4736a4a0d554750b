// A service in real time: `node real-timers.mjs <json>`. Uses the built packages, says on stdout
// which warnings the process gave.
import { setTimeout } from 'node:timers/promises';
import { createTokenEngine } from '@tokenkeep/core';
import { authRefresh } from '@tokenkeep/provider-auth-refresh';

const { url, credentials, maxMs, forMs } = JSON.parse(process.argv[2] ?? '{}');
/** @type {string[]} */
const warnings = [];
process.on('warning', ({ name }) => warnings.push(name));
const engine = await createTokenEngine({
  providers: [authRefresh({ id: 'crm-api', baseUrl: url, lifetime: { maxMs } })],
  accounts: [{ provider: 'crm-api', account: 'crm', credentials }],
  allowInsecureLoopback: true,
});
engine.start();
await engine.getToken('crm');
await setTimeout(forMs);
await engine.stop();
process.stdout.write(JSON.stringify({ warnings }));
