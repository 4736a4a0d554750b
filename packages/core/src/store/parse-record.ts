import { TokenError } from '../errors/token-error.js';
import type { AccountRecord } from './account-record.js';

type Test = (value: unknown) => boolean;

/**
 * A row's body as a record: everything the engine will compute with is there and of its kind.
 * Members this version does not know are nobody's business.
 *
 * @throws TokenError `RECORD_UNREADABLE`
 */
export function parseRecord(account: string, body: string): AccountRecord {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw damaged(account);
  }
  if (!isAccountRecord(value)) throw damaged(account);
  return value;
}

function damaged(account: string): TokenError {
  return new TokenError(
    'RECORD_UNREADABLE',
    `The stored record of ${account} is damaged. Nothing was sent. ` +
      'Restore it from a backup of today, or remove it and log in again.',
    { reason: 'not_a_record', account },
  );
}

function isAccountRecord(value: unknown): value is AccountRecord {
  return record(value);
}

const text: Test = (value) => typeof value === 'string';
const number: Test = (value) => Number.isFinite(value);
const count: Test = (value) => Number.isSafeInteger(value);
const flag: Test = (value) => typeof value === 'boolean';
const incarnation: Test = (value) => typeof value === 'string' && /^\d+\.[0-9a-f]+$/.test(value);

const optional =
  (test: Test): Test =>
  (value) =>
    value === undefined || test(value);

const listOf =
  (test: Test): Test =>
  (value) =>
    Array.isArray(value) && value.every(test);

const shape = (members: Readonly<Record<string, Test>>): Test => {
  const tests = Object.entries(members);
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    const fields = value as Record<string, unknown>;
    return tests.every(([name, test]) => test(fields[name]));
  };
};

const moment = shape({ epoch: number, ms: number });
const upstream = shape({ account: text, incarnation: text, generation: count });

const record = shape({
  format: (value) => value === 1,
  incarnation,
  generation: count,
  state: (value) =>
    ['idle', 'live', 'reauthorization_required', 'revoked'].includes(value as string),
  reason: optional(text),
  committedBy: optional(text),
  access: optional(
    shape({
      sealed: text,
      tokenType: text,
      issuedAt: moment,
      lifetimeMs: number,
      scope: optional(text),
      noProgress: optional(flag),
      sharesUpstream: optional(flag),
      refused: optional(flag),
      ended: optional(flag),
    }),
  ),
  refresh: optional(
    shape({ sealed: text, issuedAt: moment, lifetimeMs: optional(number), dead: optional(flag) }),
  ),
  sent: optional(
    shape({
      attemptId: text,
      sentAt: moment,
      sends: count,
      holder: text,
      ended: optional(flag),
    }),
  ),
  guard: shape({
    failures: count,
    ambiguous: count,
    slots: listOf(shape({ start: number, usable: number, other: number, session: number })),
    notBefore: optional(number),
    notBeforeReason: optional(text),
    lastRequestAt: optional(number),
    freeStep: optional(flag),
    forcedAt: optional(number),
    forcedGeneration: optional(count),
    livedGeneration: optional(count),
    livedMs: optional(number),
    rejectedCredentials: optional(text),
    refused: optional(shape({ at: number, believed: listOf(text) })),
  }),
  retiring: listOf(
    shape({
      id: text,
      sealed: text,
      incarnation: text,
      generation: count,
      after: number,
      attempts: count,
      upstream: optional(upstream),
    }),
  ),
  sessions: listOf(shape({ id: text, until: number })),
  sessionEnded: optional(flag),
  upstream: optional(upstream),
  rotateAt: optional(number),
});
