import type { Simulation } from '../simulation.js';
import type { Watcher } from '../watcher.js';
import { backsOff } from './backs-off.js';
import { boundedTimers } from './bounded-timers.js';
import { keptRotations } from './kept-rotations.js';
import { latePairs } from './late-pairs.js';
import { loginBudget } from './login-budget.js';
import { neverBack } from './never-back.js';
import { noFamilyRevoked } from './no-family-revoked.js';
import { noSecrets } from './no-secrets.js';
import { nothingEnded } from './nothing-ended.js';
import { oneAtATime } from './one-at-a-time.js';
import { plannedRenewals } from './planned-renewals.js';
import { refusedTokens } from './refused-tokens.js';
import { requestRates } from './request-rates.js';
import { servedThroughOutages } from './served-through-outages.js';
import { singleSend } from './single-send.js';
import { trueDoubts } from './true-doubts.js';
import { trueVerdicts } from './true-verdicts.js';

/** Every promise a simulation watches at each event. */
export const invariants: readonly ((simulation: Simulation) => Watcher)[] = [
  singleSend,
  requestRates,
  nothingEnded,
  neverBack,
  loginBudget,
  noSecrets,
  boundedTimers,
  servedThroughOutages,
  noFamilyRevoked,
  oneAtATime,
  backsOff,
  plannedRenewals,
  refusedTokens,
  trueDoubts,
  trueVerdicts,
  keptRotations,
  latePairs,
];
