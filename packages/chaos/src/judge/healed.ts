import type { Evidence, HealedAccount } from '../evidence.js';
import { HEALS_WITHIN_MS } from '../time-scale.js';
import type { Verdict } from './verdict.js';

/** What an account may wait for when nothing is wrong any more. */
const waitsFor = (answer: HealedAccount['answer']) =>
  answer !== undefined &&
  'code' in answer &&
  (answer.code === 'BUDGET_EXHAUSTED' || answer.reason === 'retry_after') &&
  answer.retryInMs !== undefined;

/** I6, I12: after faults have stopped every account serves in every process, or says until when. */
export function healed({ healing }: Evidence): Verdict {
  const broken = healing
    .filter(({ afterMs, answer }) => afterMs === undefined && !waitsFor(answer))
    .map(({ account, answer }) => {
      const said =
        answer !== undefined && 'code' in answer ? `${answer.code} ${answer.reason}` : '';
      return `${account} did not serve ${HEALS_WITHIN_MS} ms after faults had stopped: ${said}`;
    });
  return { promise: 'I12', says: 'accounts that serve again', looked: healing.length, broken };
}
