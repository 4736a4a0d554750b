import { expect, test } from '@jest/globals';
import { scaleParameters } from '@tokenkeep/core';
import { fault } from '@tokenkeep/testing';
import { steadyCallers } from './steady-callers.js';
import { authRefreshWorld, person, World } from './world.js';

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
/** What a reply, a poll or a clock may round away, in ms of unscaled time. */
const ROUNDING = 20;

/** Eight lives of a token with everything that makes a guard wait, all of it `factor` as long. */
async function story(factor: number): Promise<{ operation: string; at: number }[]> {
  await using world = new World();
  const { clock } = world;
  const start = clock.trueNow();
  const { server, providers, accounts } = await authRefreshWorld(world, {
    authority: {
      clock,
      accounts: [{ accountId: 'crm', ...person }],
      rules: { accessLifeMs: HOUR * factor },
    },
    provider: { lifetime: { defaultMs: HOUR * factor, maxMs: 24 * HOUR * factor } },
  });
  const dead = fault.mutate((body) => ({ ...body, tokenLifetime: 0 }));
  const trouble = [fault.status(503), fault.status(429), dead, dead, fault.status(400)];
  server.faults.next('refresh', fault.normal(), ...trouble);
  const engine = await world.engine({
    providers,
    accounts,
    parameters: scaleParameters(factor),
  });
  engine.start();
  const accepts = (token: { reveal(): string }) => server.truth.accepts(token.reveal());
  await steadyCallers({
    clock,
    everyMs: 30 * SECOND * factor,
    forMs: 8 * HOUR * factor,
    ask: () => engine.getToken('crm'),
    accepts,
  });
  server.truth.revokeAccess('crm');
  await steadyCallers({
    clock,
    everyMs: 30 * SECOND * factor,
    forMs: HOUR * factor,
    ask: () =>
      engine.withToken('crm', (token) => token, {
        isRejection: (outcome) => 'result' in outcome && !accepts(outcome.result as never),
      }),
  });
  return server.log.entries.map(({ operation, at }) => ({ operation, at: (at - start) / factor }));
}

test.each([0.1, 10])(
  'F14 time scaled by %d changes the length of every wait and nothing else',
  async (factor) => {
    const [told, scaled] = [await story(1), await story(factor)];
    expect(told.length).toBeGreaterThan(14);
    expect(scaled.map(({ operation }) => operation)).toEqual(
      told.map(({ operation }) => operation),
    );
    const shifts = scaled.map(({ at }, index) => Math.abs(at - (told[index]?.at ?? 0)));
    expect(Math.max(...shifts)).toBeLessThanOrEqual(ROUNDING);
  },
);
