import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { folderWith } from './config-folder.js';
import { RunningCli } from './running-cli.js';

/** A server of RFC 8628 whose person says no. */
async function refusingServer() {
  const server = createServer(({ url: path = '' }, reply) => {
    const at = (place: string) => `${url}/${place}`;
    const answers: Record<string, [status: number, body: object]> = {
      '/.well-known/oauth-authorization-server': [
        200,
        {
          issuer: url,
          token_endpoint: at('token'),
          device_authorization_endpoint: at('device'),
        },
      ],
      '/device': [
        200,
        {
          device_code: 'd-4711',
          user_code: 'GNQW-CBRD',
          verification_uri: at('login'),
          verification_uri_complete: `${at('login')}?user_code=GNQW-CBRD`,
          expires_in: 600,
          interval: 1,
        },
      ],
      '/token': [400, { error: 'access_denied' }],
    };
    const [status, body] = answers[path] ?? [404, {}];
    reply.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, [Symbol.dispose]: () => void server.close() };
}

const run = (issuer: string, ...args: string[]) => {
  const config = `allowInsecureLoopback: true
store: ./tokens.db
providers:
  people: { use: oauth2, issuer: '${issuer}', clientId: cli }
accounts:
  ada: { provider: people, scope: openid offline_access }
`;
  return new RunningCli(args, { cwd: folderWith({ 'tokenkeep.yaml': config }) }).ended;
};

test('a person who logs in by a code gets addresses to click on, and who says no is told how to begin anew', async () => {
  using server = await refusingServer();
  const { code, err } = await run(server.url, 'login', 'ada', '--device');
  const lines = err.split('\n').map((line) => line.trim());
  expect(lines).toContain(`${server.url}/login`);
  expect(lines).toContain('GNQW-CBRD');
  expect(lines).toContain(`${server.url}/login?user_code=GNQW-CBRD`);
  expect(err).toContain('what now  Log in again: tokenkeep login ada\n');
  expect(code).toBe(4);
}, 60_000);

test('an issuer that is none is a mistake in the configuration, and nothing to wait for', async () => {
  using server = await refusingServer();
  const { code, err } = await run(`${server.url}/wrong`, 'login', 'ada', '--device');
  expect(err).toContain('Correct "issuer"');
  expect(err).not.toContain('later');
  expect(code).toBe(2);
}, 60_000);
