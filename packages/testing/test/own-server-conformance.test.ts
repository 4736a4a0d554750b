import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterAll, describe, expect, test } from '@jest/globals';
import { testTokenProvider } from '@tokenkeep/testing/conformance';
import { acme } from './broken-providers/acme.js';
import { acmeDescription } from './broken-providers/acme-description.js';

/** Acme itself, as its vendor would run it: it knows passwords, and which refresh token lives. */
const living = new Set<string>();
let issued = 0;

async function answer(request: IncomingMessage): Promise<[status: number, body: object]> {
  const body = (await json(request)) as Record<string, string>;
  const known =
    request.url === '/login'
      ? body.password === 'correct horse battery'
      : living.delete(body.refresh ?? '');
  if (!known) return [401, { error: 'denied' }];
  issued += 1;
  living.add(`refresh-${issued}`);
  const ends = Math.floor(Date.now() / 1_000) + 604_800;
  const set = { token: `token-${issued}`, refresh: `refresh-${issued}` };
  return [200, { ...set, seconds: 3_600, refresh_ends: ends }];
}

const server = createServer(async (request, response) => {
  const [status, body] = await answer(request);
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
});
await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));

afterAll(() => new Promise((closed) => server.close(closed)));

const { obtain: _login, refresh: _refresh, ...described } = acmeDescription.server;

describe('at a server of the author', () => {
  testTokenProvider({
    ...acmeDescription,
    test,
    provider: ({ url }) => acme(url),
    server: {
      ...described,
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      obtain: { request: 'POST /login' },
      refresh: { request: 'POST /refresh' },
    },
  });
});

test('what a description lacks is said before any test runs', async () => {
  const { refresh: _left, ...server } = acmeDescription.server;
  const run = () =>
    testTokenProvider({
      ...acmeDescription,
      test: () => {},
      provider: ({ url }) => acme(url),
      server,
    });
  expect(run).toThrow(
    'testTokenProvider: describe server.refresh: profile.refreshToken is {"singleUse":true,"reuseGraceMs":0}.',
  );
});
