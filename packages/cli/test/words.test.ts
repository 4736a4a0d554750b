import { expect, test } from '@jest/globals';
import { errorCodes, TokenError } from '@tokenkeep/core';
import { accountInWords, type Found } from '../src/status/account-state.js';
import { exitCodeOf } from '../src/terminal/exit-codes.js';
import { durationInWords, lifeInWords, untilInWords } from '../src/terminal/life-in-words.js';
import { textTable } from '../src/terminal/text-table.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

test.each([
  [0, '0 s'],
  [1, 'under 1 s'],
  [45 * SECOND, '45 s'],
  [90 * SECOND, '1 min 30 s'],
  [2 * MINUTE, '2 min'],
  [45 * MINUTE + 59 * SECOND, '45 min'],
  [4 * HOUR + 12 * MINUTE, '4 h 12 min'],
  [22 * HOUR + 59 * MINUTE, '22 h'],
  [DAY + 5 * HOUR, '1 d 5 h'],
  [13 * DAY + 23 * HOUR, '13 d'],
  [400 * DAY, '400 d'],
])('%d ms are said as %s', (ms, words) => {
  expect(durationInWords(ms)).toBe(words);
});

test('a life that is over says since when, and what is due is due now', () => {
  expect(lifeInWords(HOUR, 0)).toBe('1 h left');
  expect(lifeInWords(0, 3 * MINUTE)).toBe('ended 3 min ago');
  expect(untilInWords(500, 0)).toBe('now');
  expect(untilInWords(MINUTE, 0)).toBe('in 1 min');
});

const crm = { id: 'chatapp/crm', name: 'crm', provider: 'chatapp', generation: 3, failures: 0 };

test.each<[string, Partial<Found>, string, string]>([
  ['a token that lives', { state: 'live', accessEndsAt: HOUR }, 'live', 'renews when asked'],
  [
    'a renewal to come',
    { state: 'live', accessEndsAt: HOUR, next: { action: 'renew', at: 45 * MINUTE } },
    'live',
    'renews in 45 min',
  ],
  [
    'a renewal nobody makes',
    { state: 'live', accessEndsAt: -HOUR, next: { action: 'renew', at: -HOUR } },
    'token ended',
    'renews as soon as something runs: due for 1 h',
  ],
  [
    'a refresh token that is kept alive',
    { state: 'live', accessEndsAt: HOUR, next: { action: 'keep_alive', at: 6 * DAY } },
    'live',
    'refreshes in 6 d, to keep the refresh token alive',
  ],
  [
    'a pause',
    { state: 'live', accessEndsAt: HOUR, blocked: { reason: 'backoff', until: MINUTE } },
    'paused',
    'asks again in 1 min, if somebody needs a token',
  ],
  [
    'a doubt',
    { state: 'in_doubt', next: { action: 'settle_doubt', at: 95 * SECOND } },
    'in doubt',
    'settles the doubt in 1 min 35 s: a refresh was sent, and its reply is missing',
  ],
  ['a revocation', { state: 'revoked' }, 'revoked', 'nothing, until: tokenkeep login crm'],
  [
    'a record that does not open',
    { error: new TokenError('KEY_UNKNOWN', 'Sealed with another key.') },
    'unreadable',
    'Sealed with another key.',
  ],
])('status says of %s what is so and what comes next', (_what, facts, state, next) => {
  const words = accountInWords({ ...crm, ...facts } as Found, 0);
  expect([words.state, words.next]).toEqual([state, next]);
});

test('every error has an exit code that scripts can rely on', () => {
  const codes = errorCodes.map((code) => `${code} ${exitCodeOf(new TokenError(code, 'x'))}`);
  expect(codes).toMatchInlineSnapshot(`
[
  "PROVIDER_UNAVAILABLE 5",
  "PROVIDER_THROTTLED 5",
  "PROVIDER_OUTCOME_UNKNOWN 5",
  "PROVIDER_PROTOCOL 5",
  "TOKEN_EXPIRED_ON_ARRIVAL 5",
  "REAUTHORIZATION_REQUIRED 4",
  "CREDENTIALS_REJECTED 4",
  "INSUFFICIENT_SCOPE 4",
  "CONFIGURATION_INVALID 2",
  "CONFIGURATION_CLIENT_REJECTED 2",
  "CONFIGURATION_UNSAFE_URL 2",
  "ACCOUNT_UNKNOWN 3",
  "ACCOUNT_REVOKED 4",
  "ROTATION_UNSUPPORTED 2",
  "KEY_UNKNOWN 6",
  "RECORD_UNREADABLE 6",
  "STORE_UNAVAILABLE 6",
  "STORE_MISCONFIGURED 6",
  "STORE_SCHEMA_NEWER 6",
  "STORE_ROLLED_BACK 6",
  "GUARD_REFUSED 5",
  "BUDGET_EXHAUSTED 5",
  "TOKEN_REFUSED 5",
  "REQUEST_NOT_REPLAYABLE 1",
  "WAIT_TIMED_OUT 5",
  "ENGINE_STOPPED 1",
  "ABORTED 1",
]
`);
  const key = new TokenError('CONFIGURATION_INVALID', 'x', { reason: 'key_file' });
  expect(exitCodeOf(key)).toBe(6);
  expect(exitCodeOf(new Error('x'))).toBe(1);
});

test('a table wraps its last column into what is left, or says that too little is left', () => {
  const rows = [
    ['NAME', 'NEXT'],
    ['crm', 'one two three four'],
  ];
  expect(textTable(rows, 16, 9)?.split('\n')).toEqual([
    'NAME   NEXT',
    'crm    one two',
    '       three',
    '       four',
  ]);
  expect(textTable(rows, 15, 9)).toBeUndefined();
});
