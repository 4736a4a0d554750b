import type { Condition } from './declaration-schema.js';
import { type ReplyFacts, valueAt } from './reply-values.js';

export function fitsAny(facts: ReplyFacts, conditions: readonly Condition[]): boolean {
  return conditions.some((condition) => fits(facts, condition));
}

/** Whether everything fits that the condition states. */
export function fits(facts: ReplyFacts, condition: Condition): boolean {
  const { status, at, header, is, startsWith, contains, present } = condition;
  if (status !== undefined && !status.includes(facts.status)) return false;
  if (!looksAtWords(condition)) return true;
  const value = at === undefined ? facts.header(header ?? '') : valueAt(facts.json, at);
  if (present === false) return value === undefined;
  if (value === undefined) return false;
  const said = typeof value === 'object' ? undefined : String(value);
  const tests = [
    is?.some((word) => said === String(word)),
    startsWith?.some((word) => said?.startsWith(word)),
    contains?.some((word) => said?.includes(word)),
  ];
  return !tests.includes(false);
}

/** What it looks at, beyond the status. */
export function looksAtWords({ at, header }: Condition): boolean {
  return at !== undefined || header !== undefined;
}
