import { setTimeout as sleep } from 'node:timers/promises';
import { checkedDescription, checkedProvider, checkNeeds } from './check-description.js';
import { Departure, depart } from './departure.js';
import { everyRule } from './every-rule.js';
import { factsOf } from './provider-facts.js';
import type { ProviderRule } from './provider-rule.js';
import { ProviderScene } from './stage/provider-scene.js';
import { watchStrayWork } from './stage/stray-work.js';
import type { TokenProviderTests } from './token-provider-tests.js';

const ruleLimitMs = 60_000;
/** A runner may know no limit: a rule that ends nowhere says so before the runner's ends it. */
const ownLimitMs = 30_000;
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
export function testTokenProvider(described: TokenProviderTests): void {
  const tests = checkedDescription(described);
  const facts = factsOf(checkedProvider(tests.provider(nowhere)), tests);
  checkNeeds(facts, tests);
  for (const rule of everyRule) {
    if (rule.concerns?.(facts) === false) continue;
    tests.test(rule.name, () => show(rule, tests), ruleLimitMs);
  }
}

async function show(rule: ProviderRule, tests: TokenProviderTests): Promise<void> {
  using _watch = watchStrayWork();
  await using scene = new ProviderScene(tests);
  await scene.server.start();
  const given = new AbortController();
  try {
    await Promise.race([look(rule, scene), expiry(given.signal)]);
  } catch (error) {
    if (error instanceof Departure) throw new Departure(error.seen, error.says ?? rule.says);
    throw error;
  } finally {
    given.abort();
  }
}

async function look(rule: ProviderRule, scene: ProviderScene): Promise<void> {
  await rule.check(scene);
  const [first] = await scene.departures();
  if (first !== undefined) throw first;
}

async function expiry(signal: AbortSignal): Promise<void> {
  await sleep(ownLimitMs, undefined, { signal }).catch(() => {});
  if (signal.aborted) return;
  depart(
    `After ${ownLimitMs / 1_000} s this has not ended: an operation waits for something that never comes`,
  );
}
