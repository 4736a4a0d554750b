import { describe, expect, test } from '@jest/globals';
import { freshGuard } from '../src/guard/guard-state.js';
import { defaultParameters as p } from '../src/parameters/parameters.js';
import type { KnownAccount } from '../src/provider/account-registry.js';
import { crowded, placesOf, turnOf } from '../src/schedule/spread.js';
import { DAY, HOUR, issuedAt, MINUTE, pair, SECOND } from './policy-situation.js';

const known = (provider: string, id: string) =>
  ({ id, provider: { id: provider } }) as KnownAccount;

function accounts(provider: string, count: number): KnownAccount[] {
  return Array.from({ length: count }, (_, n) => known(provider, `${provider}/${n}`));
}

describe('places', () => {
  test('are those among the accounts of one provider, in whatever order they are known', () => {
    const all = [...accounts('a', 12), ...accounts('b', 3)];
    const places = placesOf(all);
    expect(placesOf([...all].reverse())).toEqual(places);
    expect(places.get('b/2')).toEqual({ index: 2, count: 3 });
    const taken = all.slice(0, 12).map(({ id }) => places.get(id)?.index);
    expect(new Set(taken).size).toBe(12);
  });

  test('are needed where more than a handful of one provider comes at once', () => {
    const some = accounts('a', 11);
    const few = accounts('b', 10);
    expect([...crowded([...some, ...few], 10)]).toEqual(some);
  });
});

describe('turns', () => {
  const time = issuedAt;
  const last = (
    count: number,
    ...[record, now = time]: [Parameters<typeof turnOf>[2]?, typeof time?]
  ) => turnOf('a', { index: count - 1, count }, record, now, p) - now.ms;

  test('begin now', () => {
    expect(turnOf('a', { index: 0, count: 99 }, undefined, time, p)).toBe(time.ms);
  });

  test('of few accounts come one in a poll', () => {
    expect(last(11)).toBe(10 * p.schedulePollMs);
  });

  test.each([
    ['a first token', undefined, p.advisoryMs / 2],
    ['a token of an hour, after a night', pair(), 12 * MINUTE],
    [
      'a token of a day',
      pair({ access: { sealed: 'x', tokenType: 'Bearer', issuedAt, lifetimeMs: DAY } }),
      p.advisoryMs,
    ],
    [
      'no token, where the last one lived for ten minutes',
      pair({ access: undefined, guard: { ...freshGuard, livedMs: 10 * MINUTE } } as never),
      2 * MINUTE,
    ],
  ])('of many accounts that want %s come within its advisory window', (_what, record, windowMs) => {
    const now = { ...time, ms: time.ms + 2 * DAY };
    expect(last(10_000, record, now)).toBeCloseTo(0.9999 * windowMs, -2);
  });

  test('come before a token that lives has to be waited for', () => {
    const now = { ...time, ms: time.ms + 55 * MINUTE };
    const mandatoryAt = HOUR - SECOND - MINUTE;
    expect(last(10_000, pair(), now)).toBeCloseTo(0.9999 * (mandatoryAt - 55 * MINUTE), -2);
  });
});
