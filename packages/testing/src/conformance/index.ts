export type {
  DescribedGrant,
  DescribedPreliminary,
  DescribedRefusal,
  DescribedReplies,
  DescribedReply,
  DescribedServer,
  DescribedStep,
  LifetimeForm,
  SampleTokens,
} from './token-provider/described-server.js';
export { testTokenProvider } from './token-provider/test-token-provider.js';
export type { TokenProviderTests } from './token-provider/token-provider-tests.js';
export { type HandClock, handClock } from './token-store/hand-clock.js';
export { change } from './token-store/store-rule.js';
export { testTokenStore } from './token-store/test-token-store.js';
export type { NewClient, TokenStoreTests } from './token-store/token-store-tests.js';
