import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  AuthRefreshAuthority,
  type AuthRefreshAuthorityOptions,
  TestClock,
} from '@tokenkeep/testing';

interface Body {
  success: boolean;
  token: string;
  tokenExpiration: string;
  tokenLifetime: number;
  refreshToken: string;
  refreshTokenExpiration: string;
}

const account = { accountId: 'main', username: 'u', password: 'right', accountNumber: 123 };

let clock: TestClock;
let server: AuthRefreshAuthority;

async function started(options: AuthRefreshAuthorityOptions = {}): Promise<void> {
  server = await new AuthRefreshAuthority({ clock, accounts: [account], ...options }).start();
}

async function post(path: string, body: unknown): Promise<{ status: number; body: Body }> {
  const reply = await fetch(server.url + path, { method: 'POST', body: JSON.stringify(body) });
  return { status: reply.status, body: (await reply.json()) as Body };
}

const login = (changes: object = {}) =>
  post('/auth/login', { username: 'u', password: 'right', ...changes });
const refresh = (token: string) => post('/auth/refresh', { refresh_token: token });
const apiStatus = async (token: string) => {
  const headers = { authorization: `Bearer ${token}` };
  const reply = await fetch(`${server.url}/api/me`, { headers });
  await reply.arrayBuffer();
  return reply.status;
};

beforeEach(() => {
  clock = new TestClock({ startAt: Date.UTC(2018, 3, 2, 20, 39, 12) });
});
afterEach(() => server.stop());

describe('AuthRefreshAuthority', () => {
  test('replies with lifetime, shown times and more fields than documented', async () => {
    await started({ dateSkewMs: 60_000 });
    const { status, body } = await login();
    expect(status).toBe(200);
    expect(body).toMatchObject({
      success: true,
      guid: expect.stringMatching(/^[0-9a-f-]{36}$/),
      tokenExpiration: '2018-04-02T21:40:12+00:00',
      tokenLifetime: 3600,
      refreshTokenExpiration: '2018-05-02T20:40:12+00:00',
      locale: 'en',
    });
  });

  test('checks the password and, if it is named, the account', async () => {
    await started();
    expect(await login({ password: 'wrong' })).toMatchObject({
      status: 401,
      body: { success: false },
    });
    expect((await login({ account_id: 123 })).status).toBe(200);
    expect((await login({ account_id: 124 })).status).toBe(401);
    expect((await login({ username: undefined })).status).toBe(400);
    expect((await post('/auth/refresh', {})).status).toBe(400);
  });

  test('strict: a replay revokes the family, access token included', async () => {
    await started();
    const first = (await login()).body;
    const second = (await refresh(first.refreshToken)).body;
    expect(await apiStatus(second.token)).toBe(200);
    expect((await refresh(first.refreshToken)).status).toBe(401);
    expect(server.log.last).toMatchObject({ replay: true, familyRevoked: true });
    expect((await refresh(second.refreshToken)).status).toBe(401);
    expect(server.log.last).toMatchObject({ replay: false, familyRevoked: false });
    expect(await apiStatus(second.token)).toBe(401);
  });

  test('single-use: a replay is refused and the family lives', async () => {
    await started({ rules: { rotation: { kind: 'single-use' } } });
    const first = (await login()).body;
    const second = (await refresh(first.refreshToken)).body;
    expect((await refresh(first.refreshToken)).status).toBe(401);
    expect(server.log.last).toMatchObject({ replay: true, familyRevoked: false });
    expect((await refresh(second.refreshToken)).status).toBe(200);
  });

  test('grace: a resend within the grace brings the same pair', async () => {
    await started({ rules: { rotation: { kind: 'grace', graceMs: 30_000 } } });
    const first = (await login()).body;
    const second = (await refresh(first.refreshToken)).body;
    await clock.advance(29_999);
    const again = await refresh(first.refreshToken);
    expect(again.body).toMatchObject({ token: second.token, refreshToken: second.refreshToken });
    expect(server.log.last).toMatchObject({ outcome: 'resent', replay: true, generation: 2 });
    await clock.advance(1);
    expect((await refresh(first.refreshToken)).status).toBe(401);
    expect(server.log.last).toMatchObject({ familyRevoked: true });
    expect(await apiStatus(second.token)).toBe(401);
  });

  test('grace: a pair that is shown again is said to live no longer than it does', async () => {
    await started({ rules: { rotation: { kind: 'grace', graceMs: 30_000 } } });
    const first = (await login()).body;
    const second = (await refresh(first.refreshToken)).body;
    await clock.advance(1_400);
    const again = (await refresh(first.refreshToken)).body;
    expect(again.tokenLifetime).toBe(second.tokenLifetime - 2);
  });

  test('grace: ends when the new refresh token is used', async () => {
    await started({ rules: { rotation: { kind: 'grace', graceMs: 30_000 } } });
    const first = (await login()).body;
    const second = (await refresh(first.refreshToken)).body;
    await refresh(second.refreshToken);
    expect((await refresh(first.refreshToken)).status).toBe(401);
    expect(server.truth.family('main')?.revoked).toBe(true);
  });

  test('reusable: the refresh token stays valid, and may be left out of the reply', async () => {
    await started({ rules: { rotation: { kind: 'reusable' } }, omitsReusedRefreshToken: true });
    const first = (await login()).body;
    for (let round = 0; round < 3; round += 1) {
      const { status, body } = await refresh(first.refreshToken);
      expect(status).toBe(200);
      expect(body).not.toHaveProperty('refreshToken');
      expect(await apiStatus(body.token)).toBe(200);
    }
    expect(server.log.replays()).toEqual([]);
    expect(Object.fromEntries(server.log.requestsPerGeneration())).toEqual({
      'main#1': 1,
      'main#2': 1,
      'main#3': 1,
    });
  });

  test('generations count across the logins of an account: no two tokens share one', async () => {
    await started();
    const first = (await login()).body;
    const second = (await login()).body;
    const third = (await refresh(first.refreshToken)).body;
    await refresh(second.refreshToken);
    await refresh(third.refreshToken);
    expect(
      server.log.where({ operation: 'refresh' }).map((entry) => entry.presentedGeneration),
    ).toEqual([1, 2, 3]);
  });

  test('each refresh moves the end of the refresh token, unless told otherwise', async () => {
    await started({ rules: { refreshLifeMs: 1_000, accessLifeMs: 500 } });
    let token = (await login()).body.refreshToken;
    for (let round = 0; round < 3; round += 1) {
      await clock.advance(900);
      token = (await refresh(token)).body.refreshToken;
      expect(token).toBeDefined();
    }
    server.rules.refreshSlides = false;
    token = (await login()).body.refreshToken;
    await clock.advance(900);
    token = (await refresh(token)).body.refreshToken;
    await clock.advance(100);
    expect((await refresh(token)).status).toBe(401);
  });

  test('the same access token with a shrinking life, as from a cache', async () => {
    await started({ rules: { sameAccessUntilLeftMs: 60_000 } });
    const first = (await login()).body;
    await clock.advance(1_800_000);
    const second = (await refresh(first.refreshToken)).body;
    expect(second).toMatchObject({ token: first.token, tokenLifetime: 1800 });
    await clock.advance(1_740_000);
    const third = (await refresh(second.refreshToken)).body;
    expect(third.token).not.toBe(first.token);
    expect(third.tokenLifetime).toBe(3600);
  });

  test('a refresh can end the old access token', async () => {
    await started({ rules: { refreshEndsOldAccess: true } });
    const first = (await login()).body;
    const second = (await refresh(first.refreshToken)).body;
    expect(await apiStatus(first.token)).toBe(401);
    expect(await apiStatus(second.token)).toBe(200);
  });

  test('the truth can be changed behind the back of the client', async () => {
    await started({ deadTokenStatus: 403 });
    const first = (await login()).body;
    server.truth.rejectAllAccessTokens();
    expect(await apiStatus(first.token)).toBe(403);
    expect(server.log.last).toMatchObject({ tokenState: 'live', outcome: 'token_rejected' });
    server.truth.rejectAllAccessTokens(false);
    expect(await apiStatus(first.token)).toBe(200);
    server.truth.revokeAccess('main');
    expect(await apiStatus(first.token)).toBe(403);
    const second = (await refresh(first.refreshToken)).body;
    expect(await apiStatus(second.token)).toBe(200);
    server.truth.killRefreshToken('main');
    expect((await refresh(second.refreshToken)).status).toBe(401);
    expect(await apiStatus(second.token)).toBe(200);
    server.truth.issueFixedAccessToken('a b\tc');
    expect((await login()).body.token).toBe('a b\tc');
    expect(server.truth.current('main')?.accessToken).toBe('a b\tc');
  });

  test('a login can end the earlier families', async () => {
    await started({ rules: { loginEndsEarlierFamilies: true } });
    const first = (await login()).body;
    const second = (await login()).body;
    expect(await apiStatus(first.token)).toBe(401);
    expect(await apiStatus(second.token)).toBe(200);
  });
});
