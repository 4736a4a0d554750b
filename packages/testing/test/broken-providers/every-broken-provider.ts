import { api } from './api.js';
import { betweenAccounts } from './between-accounts.js';
import type { BrokenProvider } from './broken-provider.js';
import { conduct } from './conduct.js';
import { inAnEngine } from './in-an-engine.js';
import { outgoing } from './outgoing.js';
import { reading } from './reading.js';
import { telling } from './telling.js';

export const everyBrokenProvider: readonly BrokenProvider[] = [
  ...outgoing,
  ...reading,
  ...conduct,
  ...betweenAccounts,
  ...api,
  ...telling,
  ...inAnEngine,
];
