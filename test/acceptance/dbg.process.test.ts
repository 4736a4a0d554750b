import { test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { quick, RealWorld, until } from './processes/real-world.js';
test('reboot', async () => {
  await using world = await RealWorld.begin({});
  const first = await world.process({ bootId: 'the first boot' });
  await first.ask('token', { key: 'crm' });
  await first.kill();
  const second = await world.process({ bootId: 'the second' }, { wallShiftMs: 0 });
  console.log(JSON.stringify(await second.ask('status', { key: 'crm' })));
  console.log(JSON.stringify(await second.ask('token', { key: 'crm' })));
  console.log(JSON.stringify(await second.ask('status', { key: 'crm' })));
  console.log(world.tokenRequests.map(({ operation, generation, outcome }) => [operation, generation, outcome]));
}, 15000);
test('nap', async () => {
  await using world = await RealWorld.begin({ parameters: { ...quick, gapMs: 5_000 } });
  await world.logInFirst();
  const child = await world.process({}, { wallShiftMs: 0 });
  await child.ask('start');
  const watched = child.ask<any>('watch', { keys: ['crm'], everyMs: 20 });
    await sleep(500);
    console.log(await child.ask<{ at: number }>('shift', { napMs: 7_200_000, wallMs: 7_200_000 }));
    await until(() => world.tokenRequests.length > 1);
    await sleep(1_500);
  await child.ask('endWatch');
  console.log(JSON.stringify(await watched, null, 1).slice(0, 3000));
  console.log(world.tokenRequests.map(({ at, operation, generation, outcome }) => [at, operation, generation, outcome]));
}, 15000);
