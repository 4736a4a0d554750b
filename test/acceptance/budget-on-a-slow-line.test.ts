import { expect, test } from '@jest/globals';
import { type Clock, type HttpExchange, nodeHttpExchange, TokenError } from '@tokenkeep/core';
import { trackedExchange } from '@tokenkeep/testing';
import { authRefreshWorld, person, World } from './world.js';

const HOUR = 3_600_000;

test('I5 a login that arrives late and one that is quick share no window of the vendor', async () => {
  await using world = new World();
  const { clock } = world;
  const onceAnHour = {
    operation: 'obtain',
    limit: 1,
    windowMs: HOUR,
    burst: 1,
    refillMs: 1,
    key: () => 'everybody',
  } as const;
  const { server, providers, accounts } = await authRefreshWorld(world, {
    provider: { budgets: [onceAnHour] },
  });
  const slow = firstIsLate(clock, 4_000, nodeHttpExchange(clock));
  const engine = await world.engine({
    providers,
    accounts: [...accounts, { provider: 'crm-api', account: 'eu', credentials: person }],
    exchange: trackedExchange(clock, slow),
  });

  await world.run(engine.getToken('crm'));
  const refused = await world.run(engine.getToken('eu').catch((error: unknown) => error));
  if (!TokenError.is(refused, 'BUDGET_EXHAUSTED')) throw refused;
  await clock.advance((refused.retryAt ?? 0) - clock.now());
  await world.run(engine.getToken('eu'));

  expect(server.log.count({ operation: 'obtain' })).toBe(2);
  expect(server.log.maxPerRollingWindow('obtain', HOUR)).toBe(1);
});

/** What was admitted stays in the network for so long, the first time. */
function firstIsLate(clock: Clock, ms: number, exchange: HttpExchange): HttpExchange {
  let isFirst = true;
  return {
    send(request, hooks) {
      const late = isFirst ? ms : 0;
      isFirst = false;
      const onConnected = async () => {
        await hooks.onConnected();
        await clock.sleep(late);
      };
      return exchange.send(request, { ...hooks, onConnected });
    },
  };
}
