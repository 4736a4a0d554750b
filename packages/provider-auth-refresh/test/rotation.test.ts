import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Secret } from '@tokenkeep/core';
import { AuthRefreshAuthority, fault } from '@tokenkeep/testing';
import { caught, refusalKind } from '../../../test/providers/caught.js';
import { testCall } from '../../../test/providers/test-call.js';
import { teletracker } from '../src/index.js';

const account = { accountId: 'fleet', username: 'fleet', password: 'pw', accountNumber: 123 };
const credentials = { username: 'fleet', password: new Secret('pw'), accountId: 123 };

describe('against a server that behaves like TeleTracker', () => {
  let server: AuthRefreshAuthority;
  beforeEach(async () => {
    server = await new AuthRefreshAuthority({ accounts: [account] }).start();
  });
  afterEach(() => server.stop());

  const provider = () => teletracker({ baseUrl: server.url });
  const refresh = (token: unknown) =>
    Promise.resolve(provider().refresh?.(new Secret(String(token)), testCall(), credentials));

  test('each refresh brings a new pair and needs the newest refresh token', async () => {
    const first = await provider().obtain(credentials, testCall());
    const second = await refresh(first.refreshToken);
    const third = await refresh(second?.refreshToken);
    expect(new Set([first, second, third].map((pair) => pair?.refreshToken)).size).toBe(3);
    expect(await refusalKind(refresh(second?.refreshToken))).toBe('grant_rejected');
  });

  test.each([401, 403] as const)('a used refresh token at %i is dead', async (status) => {
    server.refusalStatus = status;
    expect(await refusalKind(refresh('never-issued'))).toBe('grant_rejected');
  });

  test('a used refresh token at 400 does not say so: the engine tries three times', async () => {
    server.refusalStatus = 400;
    expect(await refusalKind(refresh('never-issued'))).toBe('ambiguous');
  });

  test('a failing server is asked once, and costs no refresh token', async () => {
    const { refreshToken } = await provider().obtain(credentials, testCall());
    server.faults.next('refresh', fault.status(500));
    expect((await caught(refresh(refreshToken))).code).toBe('PROVIDER_UNAVAILABLE');
    expect(server.log.count({ operation: 'refresh' })).toBe(1);
    expect(await refresh(refreshToken)).toMatchObject({ refreshToken: expect.any(String) });
  });

  test('a wrong password, and a wrong account of the right person', async () => {
    const wrong = { ...credentials, password: new Secret('other') };
    expect(await refusalKind(provider().obtain(wrong, testCall()))).toBe('credentials_rejected');
    const elsewhere = { ...credentials, accountId: 124 };
    expect(await refusalKind(provider().obtain(elsewhere, testCall()))).toBe(
      'credentials_rejected',
    );
  });

  test('both lives are right on a server whose clock is five days ahead', async () => {
    server.dateSkewMs = 5 * 86_400_000;
    const issued = await provider().obtain(credentials, testCall());
    expect(issued.lifetimeMs).toBe(3_600_000);
    expect(Math.abs((issued.refreshLifetimeMs ?? 0) - 30 * 86_400_000)).toBeLessThan(2000);
  });
});
