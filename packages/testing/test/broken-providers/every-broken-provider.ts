import { api } from './api.js';
import type { BrokenProvider } from './broken-provider.js';
import { conduct } from './conduct.js';
import { inAnEngine } from './in-an-engine.js';
import { outgoing } from './outgoing.js';
import { reading } from './reading.js';

export const everyBrokenProvider: readonly BrokenProvider[] = [
  ...outgoing,
  ...reading,
  ...conduct,
  ...api,
  ...inAnEngine,
];
