import { test } from '@jest/globals';
import { quick, RealWorld } from './processes/real-world.js';
import { sqliteStore } from '@tokenkeep/store-sqlite';
import { eventNames } from '@tokenkeep/core';
const strict = { rotation: { kind: 'strict' }, provider: { inDoubt: 'resend-once' }, credentials: false } as const;
test('dbg', async () => {
  const parameters = { ...quick, quarantineMs: 1_500, rotationTimeoutMs: 1_000 };
  await using world = await RealWorld.begin({ ...strict, parameters });
  await world.logInFirst();
  await (await world.process()).ask('renew', { key: 'crm', trapAt: { at: 'CP3', signal: 'SIGKILL' } }).catch(() => {});
  const engine = await world.engine();
  for (const n of eventNames) engine.on(n, (e) => console.log(n, JSON.stringify(e)));
  const s = sqliteStore({ path: world.path }); await s.open();
  let reads = 0;
  console.log(JSON.stringify(await s.read('account', 'crm-api/crm')), JSON.stringify(await engine.status('crm')));
  engine.start();
  for (let i = 0; i < 8; i++) {
    await new Promise((r) => setTimeout(r, 500));
    const { row, time } = await s.read('account', 'crm-api/crm');
    console.log(time.ms, row?.due, row?.leaseUntil, row?.fence, JSON.stringify(await engine.status('crm')));
  }
  await s.close();
}, 15000);
