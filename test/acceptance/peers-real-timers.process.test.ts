import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { AuthRefreshAuthority } from '@tokenkeep/testing';
import { person } from './world.js';

const DAY = 86_400_000;
const service = fileURLToPath(new URL('./processes/real-timers.mjs', import.meta.url));

// The defect of the peers is in the timers of the runtime, so this one runs in real time.
test('P3 a 30-day token costs one request in a real process, and no timer overflows', async () => {
  await using server = await new AuthRefreshAuthority({
    accounts: [{ accountId: 'crm', ...person }],
    rules: { accessLifeMs: 30 * DAY, refreshLifeMs: 90 * DAY },
  }).start();
  const facts = { url: server.url, credentials: person, maxMs: 60 * DAY, forMs: 500 };

  const { stdout } = await promisify(execFile)(process.execPath, [service, JSON.stringify(facts)]);

  expect(server.log.count()).toBe(1);
  expect(JSON.parse(stdout).warnings).not.toContain('TimeoutOverflowWarning');
});
