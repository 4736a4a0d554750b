export { type HandClock, handClock } from './token-store/hand-clock.js';
export { change } from './token-store/store-rule.js';
export { testTokenStore } from './token-store/test-token-store.js';
export type { NewClient, TokenStoreTests } from './token-store/token-store-tests.js';
