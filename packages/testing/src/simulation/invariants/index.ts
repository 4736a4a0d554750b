import type { Simulation } from '../simulation.js';
import type { Watcher } from '../watcher.js';
import { boundedTimers } from './bounded-timers.js';
import { loginBudget } from './login-budget.js';
import { neverBack } from './never-back.js';
import { noFamilyRevoked } from './no-family-revoked.js';
import { nothingEnded } from './nothing-ended.js';
import { requestRates } from './request-rates.js';
import { servedThroughOutages } from './served-through-outages.js';
import { singleSend } from './single-send.js';

/** Every promise a simulation watches at each event. */
export const invariants: readonly ((simulation: Simulation) => Watcher)[] = [
  singleSend,
  requestRates,
  nothingEnded,
  neverBack,
  loginBudget,
  boundedTimers,
  servedThroughOutages,
  noFamilyRevoked,
];
