import {
  createTokenEngine,
  type HttpExchange,
  PROVIDER_CONTRACT,
  type ProviderCall,
  type TokenProvider,
} from '@tokenkeep/core';
import type { TestClock } from '../../../clock/test-clock.js';

/** Longer than an operation may take: the one who waits here is never the first to leave. */
const patienceMs = 600_000;

/**
 * One call of a real engine, lent to `use`: an engine is made for an account whose provider hands its
 * call on. So the kit sees what the engine's own call does, and not what a likeness of it does.
 *
 * @returns whether `use` ended within the limit of an operation
 */
export async function borrowCall(
  clock: TestClock,
  exchange: HttpExchange,
  use: (call: ProviderCall) => Promise<void>,
): Promise<boolean> {
  let ended = false;
  let lent = false;
  const engine = await createTokenEngine({
    clock,
    exchange,
    allowInsecureLoopback: true,
    parameters: { waitMs: patienceMs },
    providers: [
      courier(async (call) => {
        // The first try is what a rule looks at.
        if (lent) return;
        lent = true;
        await use(call);
        ended = true;
      }),
    ],
    accounts: [{ provider: 'courier', account: 'courier', credentials: {} }],
  });
  try {
    await clock.runUntil(engine.getToken('courier'));
  } finally {
    await clock.runUntil(engine.stop());
  }
  return ended;
}

function courier(deliver: (call: ProviderCall) => Promise<void>): TokenProvider {
  return {
    contract: PROVIDER_CONTRACT,
    id: 'courier',
    credentials: {
      '~standard': { version: 1, vendor: 'tokenkeep', validate: (value) => ({ value }) },
    },
    profile: {
      apiOrigins: [],
      renewal: 'on-demand',
      refreshToken: 'none',
      inDoubt: 'never-resend',
      notProcessed: [],
      refreshRevokesAccessToken: false,
      revocationScope: 'token',
      lifetime: { defaultMs: 3_600_000, maxMs: 3_600_000, zeroMeans: 'invalid' },
      passwordLogin: false,
      budgets: [],
    },
    async obtain(_credentials, call) {
      await deliver(call);
      return { accessToken: 'delivered' };
    },
    authorize() {},
    isTokenRejection: async () => false,
  };
}
