import { checkDescription } from './check-description.js';
import { Departure } from './departure.js';
import { everyRule } from './every-rule.js';
import { factsOf } from './provider-facts.js';
import type { ProviderRule } from './provider-rule.js';
import { ProviderScene } from './stage/provider-scene.js';
import type { TokenProviderTests } from './token-provider-tests.js';

const ruleLimitMs = 60_000;
/** Nobody listens there: what a provider is can be seen before its server runs. */
const nowhere = { url: 'http://127.0.0.1:9' };

/**
 * The provider contract as tests, for any runner. Each rule has a server of its own that speaks as it
 * is described, and goes wrong as the rule wants; the provider is called as an engine calls it.
 *
 * ```ts
 * testTokenProvider({
 *   test,
 *   provider: ({ url }) => acme(url),
 *   credentials: { user: 'ada', password: 'correct horse' },
 *   wrongCredentials: { user: 'bob', password: 'battery staple' },
 *   server: {
 *     obtain: {
 *       request: 'POST /login',
 *       ok: ({ access, refresh, lifetime }) => ({ body: { token: access, refresh, seconds: lifetime } }),
 *       refused: { status: 401, body: { error: 'denied' } },
 *     },
 *     refresh: { request: 'POST /refresh', refused: { status: 401, body: { error: 'denied' } } },
 *     api: { rejected: { status: 401 } },
 *   },
 * });
 * ```
 *
 * Rules that do not concern a provider (it has no refresh tokens, it does not revoke) are left out.
 *
 * @throws TypeError where the description lacks something that the provider has
 */
export function testTokenProvider(tests: TokenProviderTests): void {
  const facts = factsOf(tests.provider(nowhere), tests);
  checkDescription(facts, tests);
  for (const rule of everyRule) {
    if (rule.concerns?.(facts) === false) continue;
    tests.test(rule.name, () => show(rule, tests), ruleLimitMs);
  }
}

async function show(rule: ProviderRule, tests: TokenProviderTests): Promise<void> {
  await using scene = new ProviderScene(tests);
  await scene.server.start();
  try {
    await rule.check(scene);
  } catch (error) {
    if (error instanceof Departure) throw new Departure(error.seen, error.says ?? rule.says);
    throw error;
  }
}
