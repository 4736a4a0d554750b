import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Secret } from '@tokenkeep/core';
import { ChatAppAuthority, fault } from '@tokenkeep/testing';
import { caught, refusalKind } from '../../../test/providers/caught.js';
import { testCall } from '../../../test/providers/test-call.js';
import { chatApp } from '../src/index.js';

const account = { accountId: 'crm', email: 'crm@example.com', password: 'pw', appId: 'app_1_1' };
const credentials = { email: account.email, password: new Secret('pw'), appId: account.appId };

describe('against a server that behaves like ChatApp', () => {
  let server: ChatAppAuthority;
  beforeEach(async () => {
    server = await new ChatAppAuthority({ accounts: [account] }).start();
  });
  afterEach(() => server.stop());

  const provider = () => chatApp({ baseUrl: server.url });
  const refresh = (token: unknown) =>
    Promise.resolve(provider().refresh?.(new Secret(String(token)), testCall(), credentials));

  test('the pair of a login is renewed with its refresh token, without another login', async () => {
    const first = await provider().obtain(credentials, testCall());
    const second = await refresh(first.refreshToken);
    expect(second?.refreshToken).not.toBe(first.refreshToken);
    expect(server.log.entries.map(({ operation }) => operation)).toEqual(['obtain', 'refresh']);
    expect(await provider().inspect?.(new Secret(String(second?.accessToken)), testCall())).toEqual(
      {
        active: true,
      },
    );
  });

  test('the end of the access token is not the end of the refresh token', async () => {
    server.dateSkewMs = 5 * 86_400_000;
    const issued = await provider().obtain(credentials, testCall());
    expect(Math.abs((issued.lifetimeMs ?? 0) - 86_400_000)).toBeLessThan(2000);
    expect(Math.abs((issued.refreshLifetimeMs ?? 0) - 14 * 86_400_000)).toBeLessThan(2000);
  });

  test('an access token in the Refresh header would be refused: it is never put there', async () => {
    const { accessToken } = await provider().obtain(credentials, testCall());
    expect(await refusalKind(refresh(accessToken))).toBe('grant_rejected');
  });

  test('a server failure on refresh does not throw the pair away', async () => {
    const { refreshToken } = await provider().obtain(credentials, testCall());
    const failures = [
      fault.status(500),
      fault.html(2048, 403),
      fault.empty(401),
      fault.status(429),
    ];
    for (const failure of failures) {
      server.faults.next('refresh', failure);
      expect(await refusalKind(refresh(refreshToken))).not.toBe('grant_rejected');
    }
    expect(await refresh(refreshToken)).toMatchObject({ accessToken: expect.any(String) });
  });

  test('a failed login is an error, not the old token', async () => {
    server.faults.next('obtain', fault.status(502));
    const error = await caught(provider().obtain(credentials, testCall()));
    expect(error.code).toBe('PROVIDER_UNAVAILABLE');
    const wrong = { ...credentials, password: new Secret('other') };
    expect(await refusalKind(provider().obtain(wrong, testCall()))).toBe('credentials_rejected');
  });

  test('a used refresh token is refused, and nothing is sent twice', async () => {
    const { refreshToken } = await provider().obtain(credentials, testCall());
    await refresh(refreshToken);
    expect(await refusalKind(refresh(refreshToken))).toBe('grant_rejected');
    expect(server.log.count({ operation: 'refresh' })).toBe(2);
  });
});
