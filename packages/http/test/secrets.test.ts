import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { type AccessToken, Secret, TokenError } from '@tokenkeep/core';
import { authorizedFetch } from '@tokenkeep/http';
import { canary, fault, scanForCanaries } from '@tokenkeep/testing';
import { ApiWorld, rejectionOf } from './api-world.js';

describe('S20 a secret that was printed into a request is not sent', () => {
  const secret = new Secret('tok');
  const post = (body: RequestInit['body']): RequestInit => ({ method: 'POST', body: body ?? null });
  const form = new FormData();
  form.set('token', `${secret}`);
  const search = new URLSearchParams({ token: `${secret}` });
  const cases: [where: string, path: string, init: RequestInit, place: string][] = [
    ['the path', `/of/${secret}`, {}, 'URL'],
    ['the query', `/a?token=${secret}`, {}, 'URL'],
    ['the query, encoded', `/a?${search}`, {}, 'URL'],
    ['a header', '/a', { headers: { 'x-key': `Bearer ${secret}` } }, 'header x-key'],
    ['the header of the token', '/a', { headers: { Authorization: `${secret}` } }, 'authorization'],
    ['a string', '/a', post(`token=${secret}`), 'body'],
    ['a string, encoded', '/a', post(String(search)), 'body'],
    ['JSON', '/a', post(JSON.stringify({ secret })), 'body'],
    ['URLSearchParams', '/a', post(search), 'body'],
    ['FormData', '/a', post(form), 'body'],
    ['a body that is one', '/a', post(secret as unknown as string), 'body'],
  ];

  test.each(cases)('in %s', async (_, path, init, place) => {
    await using world = await ApiWorld.begin();
    const { api, engine } = world;
    const error = await rejectionOf(authorizedFetch(engine, 'ada')(api.url + path, init));
    expect(error.name).toBe('TypeError');
    expect(error.message).toContain(place);
    expect(error.message).toMatch(/token\.headers\(\).*reveal\(\)/);
    expect(api.log.length).toBe(0);
  });

  test('in the body of a Request', async () => {
    await using world = await ApiWorld.begin();
    const { api, engine } = world;
    const request = new Request(`${api.url}/a`, post(JSON.stringify({ secret })));
    const error = await rejectionOf(authorizedFetch(engine, 'ada')(request));
    expect(error.message).toContain('body');
    expect(api.log.length).toBe(0);
  });

  test('but a text that is meant goes as bytes', async () => {
    await using world = await ApiWorld.begin();
    const { api, engine } = world;
    const body = new TextEncoder().encode('the [secret] of good bread');
    expect((await authorizedFetch(engine, 'ada')(`${api.url}/a`, post(body))).status).toBe(200);
    expect(api.seen[0]?.body.toString()).toContain('[secret]');
  });
});

test('S17 S20 no error and no Response shows the token or the password', async () => {
  const password = canary('password');
  const passwords = { ada: password.secret, bob: 'pw' };
  await using world = await ApiWorld.begin({ passwords });
  const { api, engine } = world;
  const tokens: AccessToken[] = [];
  const note = async () => void tokens.push(await engine.getToken('ada'));
  const ada = authorizedFetch(engine, 'ada', { allowOrigins: ['http://127.0.0.1:9'] });
  const url = `${api.url}/a`;
  const shown: unknown[] = [ada, engine.account('ada')];
  await note();

  shown.push(await ada(url), await ada(url, { method: 'POST', body: 'text' }));
  const faults = [
    fault.dropBeforeProcessing(),
    fault.redirect(307, 'https://evil.com/'),
    fault.hugeHeaders(),
  ];
  for (const each of faults) {
    api.faults.next('api', each);
    shown.push(await ada(url).catch((error: unknown) => error));
  }
  api.faults.next('api', fault.hang());
  shown.push(await rejectionOf(ada(url, { signal: AbortSignal.timeout(20) })));
  shown.push(await rejectionOf(ada('http://127.0.0.1:9/')));
  shown.push(await rejectionOf(ada('https://evil.com/')));
  shown.push(await rejectionOf(ada(url, { headers: { 'x-a': `${tokens[0]?.secret}` } })));
  api.truth.revokeAccess('ada');
  const stream = new Blob(['text']).stream();
  shown.push(await rejectionOf(ada(url, { method: 'POST', body: stream })));
  expect(TokenError.is(shown.at(-1), 'REQUEST_NOT_REPLAYABLE')).toBe(true);
  await note();
  api.truth.revokeAccess('ada');
  shown.push(await ada(url).catch((error: unknown) => error));

  const secrets = tokens.map((token) => ({
    kind: 'token',
    secret: token.reveal(),
    random: token.reveal(),
  }));
  expect(new Set(secrets.map(({ secret }) => secret)).size).toBe(2);
  const texts = shown.map(printed);
  for (const text of texts) expect(scanForCanaries(text, [...secrets, password])).toEqual([]);
  // The scan can find something.
  expect(scanForCanaries(printed(tokens[0]?.headers()), secrets)).not.toEqual([]);
});

/** All that a debugger, a logger or a crash reporter could show of a value. */
function printed(value: unknown): string {
  const deep = { depth: Number.POSITIVE_INFINITY, showHidden: true, getters: true };
  const { stack, cause } = (value ?? {}) as Partial<Error>;
  const seen = [inspect(value, deep), String(value), JSON.stringify(value), stack];
  return [...seen, cause === undefined ? '' : printed(cause)].join('\n');
}
