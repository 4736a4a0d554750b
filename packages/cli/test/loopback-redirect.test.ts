import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type LoopbackRedirect, loopbackRedirect } from '../src/login/loopback-redirect.js';

const page = 'https://id.example.com/auth?client_id=us&state=s1';

let redirect: LoopbackRedirect;
let leave: AbortController;

beforeEach(async () => {
  leave = new AbortController();
  redirect = await loopbackRedirect({ redirectUri: 'http://127.0.0.1/callback' }, leave.signal);
});

afterEach(async () => {
  await redirect[Symbol.asyncDispose]();
});

const visit = (query: string, init?: RequestInit) => fetch(`${redirect.redirectUri}${query}`, init);

describe('a browser that comes back', () => {
  test('with the state of the page it was sent to has the answer', async () => {
    const answer = redirect.answerTo(page);
    const shown = await visit('?code=c1&state=s1&iss=x');
    expect(shown.status).toBe(200);
    expect(await shown.text()).toContain('Back to the terminal.');
    expect((await answer).href).toBe(`${redirect.redirectUri}?code=c1&state=s1&iss=x`);
  });

  test('with a refusal and that state has the answer, too', async () => {
    const answer = redirect.answerTo(page);
    const shown = await visit('?error=access_denied&state=s1');
    expect(await shown.text()).toContain('You are not logged in.');
    expect((await answer).searchParams.get('error')).toBe('access_denied');
  });

  const others = [
    '?code=evil&state=another',
    '?code=evil',
    '?error=access_denied',
    '?error=access_denied&state=another',
    '?state=another&state=s1',
    '',
  ];
  for (const query of others) {
    test(`from a page that does not know the state ends nothing: ${query || 'no query'}`, async () => {
      const answer = redirect.answerTo(page);
      const shown = await visit(query);
      expect(shown.status).toBe(400);
      expect(await shown.text()).toContain('not the answer');
      expect((await visit('?code=c1&state=s1')).status).toBe(200);
      expect((await answer).searchParams.get('code')).toBe('c1');
    });
  }

  test('to another place, or with another method, finds nothing', async () => {
    const answer = redirect.answerTo(page);
    const favicon = await fetch(new URL('/favicon.ico?state=s1', redirect.redirectUri));
    const posted = await visit('?code=c1&state=s1', { method: 'POST' });
    expect([favicon.status, posted.status]).toEqual([404, 404]);
    await visit('?code=c1&state=s1');
    await answer;
  });

  test('is believed where the page it was sent to has no state', async () => {
    const answer = redirect.answerTo('https://id.example.com/auth');
    expect((await visit('')).status).toBe(400);
    await visit('?code=c1');
    expect((await answer).searchParams.get('code')).toBe('c1');
  });
});

test('nobody is waited for when the person has left', async () => {
  const answer = redirect.answerTo(page);
  leave.abort(new Error('left'));
  await expect(answer).rejects.toThrow('left');
  await expect(redirect.answerTo(page)).rejects.toThrow('left');
});
