import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { errorCodes } from '../src/errors/error-code.js';
import { TokenError, type TokenErrorDetails } from '../src/errors/token-error.js';

const details: TokenErrorDetails = {
  retryable: true,
  retryAt: 1_700_000_000_000,
  provider: 'crm-api',
  account: 'crm-api/crm',
  reason: 'backoff',
  status: 503,
  providerCode: 'busy',
  providerMessage: 'come back later',
  attemptId: 'a1',
};

describe('TokenError', () => {
  test('carries its facts, and those alone are counted', () => {
    const error = new TokenError('PROVIDER_UNAVAILABLE', 'It is busy.', details);
    expect(error).toMatchObject({
      code: 'PROVIDER_UNAVAILABLE',
      message: 'It is busy.',
      ...details,
    });
    expect(JSON.parse(JSON.stringify(error))).toEqual({ code: 'PROVIDER_UNAVAILABLE', ...details });
    expect(error.name).toBe('TokenError');
    expect(error).toBeInstanceOf(Error);
  });

  test('has no member that was not given', () => {
    const error = new TokenError('ABORTED', 'Stopped.');
    expect(Object.keys(error).sort()).toEqual(['code', 'retryable']);
    expect(error.retryable).toBe(false);
    expect('cause' in error).toBe(false);
  });

  test('S17 takes and passes on no member it does not know', () => {
    const given = { ...details, config: { password: 'canary' }, response: 'canary' };
    const error = Object.assign(new TokenError('ABORTED', 'Stopped.', given), {
      request: { headers: { authorization: 'canary' } },
    });
    expect(JSON.stringify(error.details())).not.toContain('canary');
    const related = error.withContext({ attemptId: 'a2' });
    expect(inspect(related, { showHidden: true, depth: null })).not.toContain('canary');
  });

  test('is recognised by its brand, across two copies of the package', () => {
    const foreign = Object.assign(new Error('x'), {
      [Symbol.for('tokenkeep.error')]: true,
      code: 'ABORTED',
    });
    expect(TokenError.is(foreign)).toBe(true);
    expect(TokenError.is(foreign, 'ABORTED')).toBe(true);
    expect(TokenError.is(foreign, 'ENGINE_STOPPED')).toBe(false);
    for (const value of [undefined, null, 'ABORTED', new Error('x'), { code: 'ABORTED' }]) {
      expect(TokenError.is(value)).toBe(false);
    }
  });

  test('S24 foreign words in it cannot forge a line or fill a log', () => {
    const words = `one\r\ntwo\u001b[2J${'x'.repeat(1_000_000)}`;
    const error = new TokenError('PROVIDER_PROTOCOL', words, {
      reason: words,
      providerCode: words,
      providerMessage: words,
    });
    expect(inspect(error).length).toBeLessThan(10_000);
    for (const text of [error.message, error.reason, error.providerCode, error.providerMessage]) {
      expect(text).not.toMatch(/\p{Cc}/u);
      expect(text).toContain('one\\u000d\\u000atwo\\u001b[2J');
    }
    // 200 characters, three of which are escaped, and a sign that more was there.
    expect(error.providerMessage).toHaveLength(197 + 3 * 6 + 3);
  });

  test('takes the context it lacks, and keeps its own', () => {
    const error = new TokenError('ABORTED', 'Stopped.', { account: 'a/own' });
    const told = error.withContext({ account: 'a/other', provider: 'a', attemptId: 'a1' });
    expect(told).toMatchObject({ account: 'a/own', provider: 'a', attemptId: 'a1' });
    expect(told.stack).toBe(error.stack);
  });

  test('shows its cause to who asks for it, and to no printer', () => {
    const cause = new Error('why');
    const error = new TokenError('ABORTED', 'Stopped.', { cause });
    expect(error.cause).toBe(cause);
    expect(error.withContext({ account: 'a' }).cause).toBe(cause);
    expect(inspect(error)).not.toContain('why');
    expect(JSON.stringify(error)).not.toContain('why');
  });

  test('is logged by pino with its code and facts', () => {
    const lines: string[] = [];
    pino({}, { write: (line: string) => void lines.push(line) }).error(
      new TokenError('PROVIDER_UNAVAILABLE', 'It is busy.', details),
    );
    expect(JSON.parse(lines[0] ?? '{}').err).toMatchObject({
      code: 'PROVIDER_UNAVAILABLE',
      message: 'It is busy.',
      ...details,
    });
  });

  test('has codes in capitals, each once', () => {
    expect(new Set(errorCodes).size).toBe(errorCodes.length);
    for (const code of errorCodes) expect(code).toMatch(/^[A-Z]+(_[A-Z]+)+$|^[A-Z]+$/);
  });
});
