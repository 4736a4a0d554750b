import { accountToken, type TokenProvider } from '@tokenkeep/core';
import { oauth20 } from '@tokenkeep/provider-oauth20';
import { OAuth20Authority } from '@tokenkeep/testing';
import { authRefreshWorld, type World } from './world.js';

const DAY = 86_400_000;

/**
 * Two servers: `identity`, an account with a rotating refresh token, and `shop`, whose bearer is
 * identity's access token. In mode `introspects` the shop hands that very token back.
 */
export async function chainWorld(
  world: World,
  {
    mode = 'issues-token',
    shops = ['shop'],
    shopAccount = {},
    identityLifeMs = 3_600_000,
    shopLifeMs = DAY,
    shopAddsMs = 0,
  }: {
    readonly mode?: 'issues-token' | 'introspects';
    readonly shops?: readonly string[];
    readonly shopAccount?: Record<string, unknown>;
    readonly identityLifeMs?: number;
    readonly shopLifeMs?: number;
    /** How much longer than its server the shop says that the bearer lives. */
    readonly shopAddsMs?: number;
  } = {},
) {
  const identity = await authRefreshWorld(world, {
    authority: { rules: { accessLifeMs: identityLifeMs } },
    provider: { id: 'identity-api' },
    account: { provider: 'identity-api', account: 'identity' },
  });
  const tokens = identity.server.truth.tokens;
  const shop = await world.serve(
    new OAuth20Authority({
      clock: world.clock,
      mode,
      rules: { accessLifeMs: shopLifeMs },
      foreignBearer(token) {
        const set = tokens.set(token);
        if (set === undefined) return undefined;
        return {
          accountId: 'shop',
          state: identity.server.truth.accessState(token),
          endsAt: set.accessEndsAt + shopAddsMs,
        };
      },
    }),
  );
  const provider = oauth20({ id: 'shop-api', baseUrl: shop.url }) as TokenProvider;
  const downstream = shops.map((account) => ({
    provider: 'shop-api',
    account,
    credentials: { bearer: accountToken('identity') },
    ...shopAccount,
  }));
  return {
    identity: identity.server,
    shop,
    providers: [...identity.providers, provider],
    accounts: [...identity.accounts, ...downstream],
  };
}
