import type { Evidence } from '../evidence.js';
import type { Verdict } from './verdict.js';

/** I9: every process that is told to stop ends. */
export function nothingLeft({ survivors, lives }: Evidence): Verdict {
  const broken = survivors.map((name) => `${name} did not end when it was stopped`);
  return { promise: 'I9', says: 'processes that ended', looked: lives.length, broken };
}
