import { expect, test } from '@jest/globals';
import { createTokenEngine } from '@tokenkeep/core';
import { authorizedFetch } from '@tokenkeep/http';
import { chatApp } from '@tokenkeep/provider-chatapp';
import { ChatAppAuthority, fault } from '@tokenkeep/testing';
import { ApiWorld, impatient, rejectionOf } from './api-world.js';

test('P7 a hundred parallel requests are refused: one renewal, a hundred successes', async () => {
  await using world = await ApiWorld.begin();
  const { api, engine } = world;
  const ada = authorizedFetch(engine, 'ada');
  await world.endToken();
  const replies = await Promise.all(
    Array.from({ length: 100 }, (_, index) => ada(`${api.url}/orders/${index}`)),
  );
  expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 200));
  expect(api.count('refresh')).toBe(1);
  expect(api.count('obtain')).toBe(1);
  expect(api.log.count({ operation: 'api', outcome: 'served' })).toBe(100);
  expect(api.count('api')).toBeLessThanOrEqual(200);
});

test('P7 three requests refused in the words of a vendor all recover', async () => {
  const login = { email: 'ada@example.com', password: 'pw', appId: 'app_1_1' };
  await using server = await new ChatAppAuthority({
    refusalStatus: 200,
    accounts: [{ accountId: 'crm', ...login }],
  }).start();
  await using engine = await createTokenEngine({
    allowInsecureLoopback: true,
    providers: [chatApp({ baseUrl: server.url })],
    accounts: [{ provider: 'chatapp', account: 'crm', credentials: login }],
  });
  const crm = authorizedFetch(engine, 'crm');
  await engine.getToken('crm');
  server.truth.revokeAccess('crm');
  const replies = await Promise.all(['a', 'b', 'c'].map((path) => crm(`${server.url}/v1/${path}`)));
  // The body was read to recognise the refusal, and is the caller's all the same.
  expect(await Promise.all(replies.map((reply) => reply.json()))).toEqual(
    ['a', 'b', 'c'].map((path) => ({ success: true, data: { path: `/v1/${path}` } })),
  );
  expect(server.log.count({ operation: 'refresh' })).toBe(1);
  expect(server.log.count({ operation: 'obtain' })).toBe(1);
});

test('P7b a late refusal of an older token burns nothing: the newer one is tried', async () => {
  await using world = await ApiWorld.begin();
  const { api, engine } = world;
  await world.endToken();
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const slow = authorizedFetch(engine, 'ada', {
    fetch: async (url, init) => {
      const reply = await fetch(url, init);
      if (reply.status === 401) await released;
      return reply;
    },
  });
  const refused = api.nextRequest('api');
  const late = slow(`${api.url}/late`);
  await refused;
  expect((await authorizedFetch(engine, 'ada')(`${api.url}/quick`)).status).toBe(200);
  expect(api.count('refresh')).toBe(1);
  const { generation } = await engine.getToken('ada');
  release();
  expect((await late).status).toBe(200);
  expect(api.count('refresh')).toBe(1);
  expect((await engine.getToken('ada')).generation).toBe(generation);
});

test('P6 two accounts at one API send each its own token, also while both are renewed', async () => {
  await using world = await ApiWorld.begin();
  const { api, engine } = world;
  const names = ['ada', 'bob'];
  for (const name of names) await world.endToken(name);
  const calls = Array.from({ length: 20 }, (_, index) => names[index % 2] ?? '');
  await Promise.all(calls.map((name) => authorizedFetch(engine, name)(`${api.url}/of/${name}`)));
  const requests = api.log.where({ operation: 'api' });
  expect(requests.length).toBeGreaterThanOrEqual(20);
  for (const { path, accountId } of requests) expect(path).toBe(`/of/${accountId}`);
  expect(api.count('refresh')).toBe(2);
});

test('the header is the one the provider wants, and takes the place of the one given', async () => {
  await using world = await ApiWorld.begin({
    provider: {
      authorize: (headers, token) => headers.set('X-API-Key', token.reveal()),
      isTokenRejection: async ({ status }) => status === 401,
    },
  });
  const { api, engine } = world;
  const { status } = await authorizedFetch(engine, 'ada')(`${api.url}/orders`, {
    headers: { 'x-api-KEY': 'old', accept: 'text/csv' },
  });
  // The API wants another header; what matters is what it was sent, twice.
  expect(status).toBe(401);
  const keys = api.seen.map(({ headers }) => headers['x-api-key']);
  expect(keys).toHaveLength(2);
  expect(keys.map((key) => api.truth.accepts(String(key)))).toEqual([true, true]);
  expect(new Set(keys).size).toBe(2);
  for (const { headers } of api.seen) {
    expect(headers).toMatchObject({ accept: 'text/csv' });
    expect(headers).not.toHaveProperty('authorization');
  }
});

test("the second answer is the caller's, a refusal included", async () => {
  await using world = await ApiWorld.begin();
  const { api, engine } = world;
  await engine.getToken('ada');
  api.truth.rejectAllAccessTokens();
  const reply = await authorizedFetch(engine, 'ada')(`${api.url}/orders`);
  expect(reply.status).toBe(401);
  expect(await reply.json()).toEqual({ success: false, message: 'Unauthenticated' });
  expect(api.count('api')).toBe(2);
  expect(api.count('refresh')).toBe(1);
});

test('a refusal without a way to another token is an error that says why', async () => {
  await using world = await ApiWorld.begin(impatient);
  const { api, engine } = world;
  await world.endToken();
  api.faults.always('refresh', fault.status(503));
  api.faults.always('obtain', fault.status(503));
  const error = await rejectionOf(authorizedFetch(engine, 'ada')(`${api.url}/orders`));
  expect(error).toMatchObject({ code: 'TOKEN_REFUSED', retryable: true });
  expect(error.cause).toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
  expect(api.count('api')).toBe(1);
});

test('a request that succeeds is made once, and its answer is handed on untouched', async () => {
  await using world = await ApiWorld.begin();
  const { api, engine } = world;
  const reply = await authorizedFetch(engine, 'ada')(new URL('/a/b?c=d#e', api.url));
  expect(reply).toMatchObject({ status: 200, redirected: false, bodyUsed: false });
  expect(reply.url).toBe(`${api.url}/a/b?c=d`);
  expect(await reply.json()).toEqual({ success: true, path: '/a/b' });
  expect(api.count('api')).toBe(1);
});

test.each([
  ['CR and LF', 'tok\r\nX-Evil: 1'],
  ['a line feed at the end', 'token\n'],
  ['NUL', 'tok\0en'],
  ['a line separator', 'tok\u2028en'],
  ['a letter beyond ASCII', 'tökën'],
  ['a tab', 'tok\ten'],
  ['nothing in it', ''],
])('S01 a token with %s is never put on a request', async (_, token) => {
  await using world = await ApiWorld.begin(impatient);
  const { api, engine } = world;
  for (const operation of ['obtain', 'refresh'] as const) {
    api.faults.always(
      operation,
      fault.mutate((body) => ({ ...body, token })),
    );
  }
  const error = await rejectionOf(authorizedFetch(engine, 'ada')(`${api.url}/orders`));
  expect(error).toMatchObject({ reason: 'token_format' });
  if (token !== '') expect(error.message).not.toContain(token);
  expect(api.count('api')).toBe(0);
});

test('another fetch may bring a Response of its own class', async () => {
  await using world = await ApiWorld.begin();
  const { api, engine } = world;
  await world.endToken();
  const foreign = authorizedFetch(engine, 'ada', {
    fetch: async (url, init) => foreignResponse(await fetch(url, init)),
  });
  expect((await foreign(`${api.url}/orders`)).status).toBe(200);
  expect(api.count('refresh')).toBe(1);
});

test('the global fetch is the one there is at the time of the call', async () => {
  await using world = await ApiWorld.begin();
  const { api, engine } = world;
  const ada = authorizedFetch(engine, 'ada');
  const { fetch: former } = globalThis;
  const asked: unknown[] = [];
  globalThis.fetch = (...given) => {
    asked.push(given[0]);
    return former(...given);
  };
  try {
    await ada(`${api.url}/orders`);
  } finally {
    globalThis.fetch = former;
  }
  expect(asked).toEqual([`${api.url}/orders`]);
});

/** The same to its users, and no instance of the global class. */
function foreignResponse(reply: Response): Response {
  const members = ['status', 'headers', 'body', 'bodyUsed', 'clone', 'json'] as const;
  return Object.defineProperties(
    {},
    Object.fromEntries(
      members.map((name) => [
        name,
        {
          get: () => {
            const value: unknown = reply[name];
            return typeof value === 'function' ? value.bind(reply) : value;
          },
        },
      ]),
    ),
  ) as Response;
}
