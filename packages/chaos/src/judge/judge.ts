import type { Evidence } from '../evidence.js';
import { parameters } from '../time-scale.js';
import { generations } from './generations.js';
import { healed } from './healed.js';
import { livingTokens } from './living-tokens.js';
import { loginBudgets } from './login-budget.js';
import { explainedLosses, keptPairs } from './lost-rotations.js';
import { nothingLeft } from './nothing-left.js';
import { requestRates } from './request-rates.js';
import { secretsKept } from './secrets-kept.js';
import { singleSend } from './single-send.js';
import type { Verdict } from './verdict.js';

/** Every promise, judged by what is known of a run. */
export function judge(evidence: Evidence): Verdict[] {
  return [
    singleSend(evidence),
    requestRates(evidence, parameters),
    livingTokens(evidence),
    generations(evidence),
    loginBudgets(evidence),
    keptPairs(evidence),
    secretsKept(evidence),
    nothingLeft(evidence),
    healed(evidence),
    explainedLosses(evidence),
  ];
}
