import { expect, test } from '@jest/globals';
import type { TokenReply } from '../src/provider/provider-call.js';
import { refusalOf, refuse } from '../src/provider/refusal.js';

const reply = { status: 401, retryAfterMs: undefined } as TokenReply;

test.each([
  ['a word', 'invalid_grant', 'invalid_grant'],
  ['a number', 40_101, '40101'],
  ['the number of success', 0, undefined],
  ['nothing', undefined, undefined],
  ['an object', { code: 1 }, undefined],
])('a code that is %s', (_, code, told) => {
  const error = refuse('grant_rejected', reply, { code });
  expect(error.providerCode).toBe(told);
  expect(error.message).toBe(
    `The authorization server refused (HTTP 401${told === undefined ? '' : `, ${told}`}).`,
  );
  expect(refusalOf(error)?.coded).toBe(told !== undefined);
});
