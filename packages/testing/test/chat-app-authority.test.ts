import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ChatAppAuthority, type ChatAppAuthorityOptions, TestClock } from '@tokenkeep/testing';

interface TokenData {
  cabinetUserId: number;
  accessToken: string;
  accessTokenEndTime: number;
  refreshToken: string;
  refreshTokenEndTime: number;
}
interface Answer {
  status: number;
  date: string | null;
  body: { success: boolean; data: TokenData; error?: { code: string; message: string } };
}

const account = { accountId: 'main', email: 'e@example.org', password: 'right', appId: 'app_1_1' };
const startAt = Date.UTC(2025, 0, 1);
const day = 86_400_000;

let clock: TestClock;
let server: ChatAppAuthority;

async function started(options: ChatAppAuthorityOptions = {}): Promise<ChatAppAuthority> {
  server = await new ChatAppAuthority({ clock, accounts: [account], ...options }).start();
  return server;
}

async function call(method: string, path: string, init: RequestInit = {}): Promise<Answer> {
  const reply = await fetch(server.url + path, { method, ...init });
  return {
    status: reply.status,
    date: reply.headers.get('date'),
    body: (await reply.json()) as Answer['body'],
  };
}

const make = (changes: object = {}) => {
  const { email, password, appId } = account;
  return call('POST', '/v1/tokens', {
    body: JSON.stringify({ email, password, appId, ...changes }),
    headers: { 'content-type': 'application/json' },
  });
};
const refresh = (token: string) =>
  call('POST', '/v1/tokens/refresh', { headers: { refresh: token } });
const get = (path: string, authorization: string) =>
  call('GET', path, { headers: { authorization } });

beforeEach(() => {
  clock = new TestClock({ startAt });
});
afterEach(() => server.stop());

describe('ChatAppAuthority', () => {
  test('makes a pair whose ends are unix seconds on the shown clock', async () => {
    await started({ dateSkewMs: 3_600_000 });
    const { status, body, date } = await make();
    expect(status).toBe(200);
    expect(body.data.accessToken).toMatch(/^\$2y\$10\$[./A-Za-z0-9]{53}$/);
    expect(Date.parse(date ?? '')).toBe(startAt + 3_600_000);
    expect(body.data.accessTokenEndTime * 1000).toBe(startAt + 3_600_000 + day);
    expect(body.data.refreshTokenEndTime * 1000).toBe(startAt + 3_600_000 + 14 * day);
    expect(server.log.last).toMatchObject({
      operation: 'obtain',
      outcome: 'issued',
      accountId: 'main',
      generation: 1,
      at: startAt,
    });
  });

  test('makes tokens of 64 hexadecimal digits if asked to', async () => {
    await started({ tokenShape: 'hex' });
    expect((await make()).body.data.refreshToken).toMatch(/^[0-9a-f]{64}$/);
  });

  test('can leave out the Date header', async () => {
    await started({ dateHeader: false });
    expect((await make()).date).toBeNull();
  });

  test('rotates both tokens, and a replay revokes the family', async () => {
    await started();
    const first = (await make()).body.data;
    const second = (await refresh(first.refreshToken)).body.data;
    expect(second.refreshToken).not.toBe(first.refreshToken);
    expect(second.accessToken).not.toBe(first.accessToken);
    expect((await get('/v1/me', second.accessToken)).status).toBe(200);

    const replay = await refresh(first.refreshToken);
    expect(replay.status).toBe(403);
    expect(replay.body).toEqual({
      success: false,
      error: { code: 'ApiInvalidTokenError', message: 'Invalid Token' },
    });
    expect(server.log.replays()).toHaveLength(1);
    expect(server.log.last).toMatchObject({
      outcome: 'refused',
      replay: true,
      familyRevoked: true,
      presentedGeneration: 1,
    });
    expect((await refresh(second.refreshToken)).status).toBe(403);
    expect((await get('/v1/me', second.accessToken)).status).toBe(403);
    expect(server.log.last).toMatchObject({ tokenState: 'revoked', outcome: 'token_rejected' });
    expect(server.truth.family('main')?.revoked).toBe(true);
  });

  test('counts generations across logins', async () => {
    await started();
    const first = (await make()).body.data;
    await refresh(first.refreshToken);
    await make();
    expect(server.log.entries.map((entry) => entry.generation)).toEqual([1, 2, 3]);
    expect(server.log.entries.map((entry) => entry.family)).toEqual([1, 1, 2]);
  });

  test('takes the bare access token, and knows when it was expired', async () => {
    await started();
    const { accessToken } = (await make()).body.data;
    expect((await get('/v1/tokens/check', accessToken)).body.data.accessToken).toBe(accessToken);
    expect((await get('/v1/me', `Bearer ${accessToken}`)).status).toBe(403);
    expect(server.log.last?.tokenState).toBe('unknown');
    await clock.advance(day - 1);
    expect((await get('/v1/messages', accessToken)).status).toBe(200);
    await clock.advance(1);
    expect((await get('/v1/messages', accessToken)).status).toBe(403);
    expect(server.log.last).toMatchObject({ tokenState: 'expired', presentedGeneration: 1 });
  });

  test.each([200, 401, 403] as const)(
    'refuses tokens with status %i if asked to',
    async (status) => {
      await started({ refusalStatus: status });
      expect(await refresh('nonsense')).toMatchObject({ status, body: { success: false } });
      expect(await get('/v1/me', 'nonsense')).toMatchObject({ status, body: { success: false } });
    },
  );

  test('an expired refresh token is refused', async () => {
    await started();
    const { refreshToken } = (await make()).body.data;
    await clock.advance(14 * day);
    expect((await refresh(refreshToken)).status).toBe(403);
    expect(server.log.last).toMatchObject({ outcome: 'refused', replay: false });
  });

  test('an access token sent as refresh token is refused', async () => {
    await started();
    expect((await refresh((await make()).body.data.accessToken)).status).toBe(403);
  });

  test('refuses wrong credentials and incomplete requests', async () => {
    await started();
    expect((await make({ password: 'wrong' })).status).toBe(401);
    expect((await make({ email: 'someone@example.org' })).status).toBe(401);
    expect((await make({ appId: undefined })).status).toBe(400);
    expect(server.log.count({ operation: 'obtain', outcome: 'refused' })).toBe(3);
  });

  test('makes at most 100 tokens in any 24 hours', async () => {
    await started();
    for (let count = 0; count < 100; count += 1) {
      expect((await make()).status).toBe(200);
      await clock.advance(1_000);
    }
    const { status, body } = await make();
    expect(status).toBe(429);
    expect(body.error?.code).toContain('Limit');
    expect(server.log.last?.outcome).toBe('throttled');
    await clock.advance(day - 100_000);
    expect((await make()).status).toBe(200);
    expect((await make()).status).toBe(429);
    expect(server.log.maxPerRollingWindow('obtain', day, { outcome: 'issued' })).toBe(100);
  });

  test('keeps no secret in its log', async () => {
    await started();
    const first = (await make()).body.data;
    const second = (await refresh(first.refreshToken)).body.data;
    await get('/v1/me', second.accessToken);
    const log = JSON.stringify(server.log.entries);
    for (const pair of [first, second]) {
      expect(log).not.toContain(pair.accessToken);
      expect(log).not.toContain(pair.refreshToken);
    }
    expect(log).not.toContain(account.password);
  });
});
