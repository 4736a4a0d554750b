import type { TokenStore } from '@tokenkeep/core';
import { handClock } from './hand-clock.js';
import { lifeRules } from './life-rules.js';
import { modelRules } from './model/model-rules.js';
import { passing } from './passing.js';
import { scheduleRules } from './schedule-rules.js';
import type { StoreRule, StoreScene } from './store-rule.js';
import { timeRules } from './time-rules.js';
import type { NewClient, TokenStoreTests } from './token-store-tests.js';
import { writeRules } from './write-rules.js';

const ruleLimitMs = 60_000;

/**
 * The store contract as tests, for any runner. Each rule has a place of its own, and clients of it
 * as an engine opens them.
 *
 * ```ts
 * testTokenStore({
 *   test,
 *   factory: async () => {
 *     const url = await newDatabase();
 *     return () => myStore({ url });
 *   },
 * });
 * ```
 */
export function testTokenStore(tests: TokenStoreTests): void {
  const { test, factory, time = 'own', stories = 200, limitMs = 300_000 } = tests;
  const rules = [...writeRules, ...scheduleRules, ...timeRules, ...lifeRules];
  for (const rule of rules) {
    if (rule.byHand && time !== 'by hand') continue;
    test(rule.name, () => show(rule, factory, time), ruleLimitMs);
  }
  modelRules({ test, factory, time, stories, limitMs });
}

async function show(
  rule: StoreRule,
  factory: TokenStoreTests['factory'],
  time: 'by hand' | 'own',
): Promise<void> {
  const clock = handClock();
  const open = new Set<TokenStore>();
  const opened = async (newClient: NewClient) => {
    const store = newClient();
    open.add(store);
    await store.open();
    return store;
  };
  try {
    const newClient = await factory(clock);
    const scene: StoreScene = {
      store: await opened(newClient),
      another: () => opened(newClient),
      elsewhere: async () => opened(await factory(clock)),
      pass: passing(clock, time),
    };
    await rule.check(scene);
  } finally {
    for (const store of open) await store.close();
  }
}
