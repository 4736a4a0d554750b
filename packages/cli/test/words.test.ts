import { expect, test } from '@jest/globals';
import { errorCodes, TokenError } from '@tokenkeep/core';
import { accountInWords, type Found } from '../src/status/account-state.js';
import { withCommands } from '../src/terminal/commands-for-calls.js';
import { showError } from '../src/terminal/error-block.js';
import { exitCodeOf } from '../src/terminal/exit-code-of-error.js';
import { durationInWords, lifeInWords, untilInWords } from '../src/terminal/life-in-words.js';
import { textTable } from '../src/terminal/text-table.js';
import { recordedCommand } from './recorded-command.js';

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
  [
    'a grant that is narrower than was asked for',
    { state: 'live', accessEndsAt: HOUR, grantedScope: 'openid' },
    'lacks scope',
    'have the grant widened, or ask for less scope',
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

test.each<[string, Partial<Found>, string]>([
  ['that ends', { refreshEndsAt: HOUR }, '1 h left'],
  ['whose end nobody has said', { refreshable: true }, 'end unknown'],
  ['that is not there', { refreshable: false }, 'none'],
  ['before the first login', { refreshable: false, generation: 0 }, ''],
])('status says of a refresh token %s', (_, facts, said) => {
  expect(accountInWords({ ...crm, state: 'live', ...facts } as Found, 0).refreshToken).toBe(said);
});

const soon = { action: 'renew', at: 4 * MINUTE } as const;
const backoff = { reason: 'backoff', until: 4 * MINUTE } as const;

test.each<[string, Partial<Found>, string]>([
  ['an account that never had a token', { state: 'idle', generation: 0, next: soon }, 'failing'],
  [
    'one whose token has ended',
    { state: 'live', accessEndsAt: -HOUR, blocked: backoff },
    'failing',
  ],
  ['one whose token lives', { state: 'live', accessEndsAt: HOUR, next: soon }, 'live'],
  ['a token that came after failures and has ended', { accessEndsAt: -HOUR }, 'token ended'],
  ['a doubt', { state: 'in_doubt', blocked: backoff }, 'in doubt'],
])('of failures status says that there is no token because of them: %s', (_of, facts, state) => {
  const words = accountInWords({ ...crm, state: 'live', failures: 3, ...facts } as Found, 0);
  expect(words.state).toBe(state);
  expect(words.details).toContainEqual(['failures', '3 in a row']);
  if (state === 'failing') {
    expect(words.urgency).toBe('bad');
    expect(words.next).toMatch(
      /^tries again (in 4 min|when somebody needs a token); to see why: tokenkeep login crm$/,
    );
  }
});

test.each<[string, Partial<Found>, string]>([
  [
    'credentials of the store',
    { reason: 'credentials_rejected', origin: 'store' },
    'replace the credentials: tokenkeep accounts add crm --provider chatapp --replace',
  ],
  [
    'credentials of the config file',
    { reason: 'credentials_rejected', origin: 'config' },
    'correct the credentials, then: tokenkeep login crm',
  ],
  [
    'an account without any',
    { reason: 'no_refresh_token', origin: 'store' },
    'bring tokens: tokenkeep accounts import crm --stdin, or give it credentials',
  ],
])('status says what a person types for %s', (_what, facts, next) => {
  const found = { ...crm, state: 'reauthorization_required', ...facts } as Found;
  expect(accountInWords(found, 0).next).toBe(next);
});

test.each([
  ['Call engine.login("a/b") to bring it back.', 'Run tokenkeep login a/b to bring it back.'],
  [
    'Call engine.login("a/b;scope=c%20d") to bring it back.',
    "Run tokenkeep login 'a/b;scope=c%20d' to bring it back.",
  ],
  ['Call engine.login("it\'s") now.', "Run tokenkeep login 'it'\\''s' now."],
  ['bring tokens with engine.accounts.import().', 'bring tokens with tokenkeep accounts import.'],
  ['engine.revoke() ends its tokens.', 'tokenkeep revoke ends its tokens.'],
  ['Remove it with { force: true }.', 'Remove it with --force.'],
])('a call of the library is told as the command that makes it: %s', (message, words) => {
  expect(withCommands(message)).toBe(words);
});

function shownError(error: TokenError): string {
  const { invocation, err } = recordedCommand(undefined);
  showError(error, { ...invocation.terminal, now: () => HOUR });
  return err();
}

test('an error says when to try again only while that is to come', () => {
  const at = (retryAt: number) =>
    shownError(new TokenError('GUARD_REFUSED', 'Not now.', { retryAt }));
  expect(at(HOUR + MINUTE)).toMatch(/\n {2}when +in 1 min \(/);
  for (const past of [HOUR, HOUR + 500, HOUR - MINUTE]) expect(at(past)).not.toContain('when');
});

test.each([
  ['PROVIDER_PROTOCOL', 'token_format', /what now {2}Check baseUrl .*reply\.accessToken/],
  ['REAUTHORIZATION_REQUIRED', 'login_refused', /what now {2}Log in again: tokenkeep login a\/b\n/],
  ['STORE_MISCONFIGURED', 'login_refused', /what now {2}Run: tokenkeep doctor\n/],
  ['GUARD_REFUSED', 'gap', /what now {2}Run it again in a moment: the last request/],
] as const)('what to do of %s (%s)', (code, reason, words) => {
  expect(shownError(new TokenError(code, 'No.', { reason, account: 'a/b' }))).toMatch(words);
});

test.each([
  [404, 2],
  [401, 2],
  [429, 5],
  [503, 5],
])('an issuer that answers %i to where its endpoints are is exit code %i', (status, code) => {
  const error = new TokenError('PROVIDER_UNAVAILABLE', 'Correct "issuer".', {
    reason: 'discovery',
    status,
  });
  expect(exitCodeOf(error)).toBe(code);
  expect(shownError(error).includes('later')).toBe(code === 5);
});

test('an error names its code, and no file that is not on this disk', () => {
  const text = shownError(new TokenError('ACCOUNT_UNKNOWN', 'no such account is there.'));
  expect(text).toMatch(/^✖ No such account is there\.\n/);
  expect(text).toMatch(/\n {2}code +ACCOUNT_UNKNOWN$/);
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
