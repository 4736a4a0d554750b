import { once } from 'node:events';
import { createServer as createHttpsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CliWorld } from './cli-world.js';
import { CertificateAuthority, selfSigned, type Wishes } from './issued-certificates.js';

const HOUR = 3_600_000;

let trusted: CertificateAuthority;
let stranger: CertificateAuthority;
const closing: (() => void)[] = [];

beforeAll(async () => {
  trusted = await CertificateAuthority.begin('Tokenkeep test');
  stranger = await CertificateAuthority.begin('Nobody knows');
});

afterAll(() => {
  for (const close of closing) close();
});

/** A login endpoint over TLS that counts what reaches it. */
async function tlsServer(options: ServerOptions) {
  const seen = { requests: 0, bytes: 0 };
  const server = createHttpsServer(options, (_request, reply) => {
    seen.requests += 1;
    reply.setHeader('content-type', 'application/json');
    reply.end(
      JSON.stringify({
        success: true,
        token: 'a-token-over-tls',
        refreshToken: 'a-refresh-token-over-tls',
        tokenLifetime: 3_600,
      }),
    );
  });
  // What a client says inside TLS, whether or not it is a request.
  server.on('secureConnection', (socket) => {
    socket.on('data', (bytes: Buffer) => {
      seen.bytes += bytes.length;
    });
  });
  server.on('tlsClientError', () => {});
  server.listen(0, 'localhost');
  await once(server, 'listening');
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { seen, url: `https://localhost:${(server.address() as AddressInfo).port}` };
}

/** `tokenkeep token crm` in a process that trusts one certificate authority besides the usual. */
async function tokenFrom(url: string) {
  await using world = await CliWorld.begin();
  world.configure({ providers: { 'crm-api': { use: 'auth-refresh', baseUrl: url } } });
  const env = { NODE_EXTRA_CA_CERTS: world.file('ca.pem', trusted.pem) };
  return await world.run(['token', 'crm'], { env });
}

describe('F37 a server whose TLS proves nothing', () => {
  const bad: [string, () => Promise<ServerOptions>][] = [
    ['an expired certificate', () => trusted.issue({ beginsInMs: -2 * HOUR, endsInMs: -HOUR })],
    ['one that is not valid yet', () => trusted.issue({ beginsInMs: HOUR, endsInMs: 2 * HOUR })],
    ['one for another host', () => trusted.issue({ host: 'elsewhere.example' } satisfies Wishes)],
    ['one of an unknown authority', () => stranger.issue()],
    ['one signed by itself', () => selfSigned()],
    [
      'TLS 1.0 only',
      async () => ({
        ...(await trusted.issue()),
        minVersion: 'TLSv1',
        maxVersion: 'TLSv1',
        ciphers: 'DEFAULT:@SECLEVEL=0',
      }),
    ],
  ];

  test.each(bad)('F37 %s: nothing is sent, and the error says TLS', async (_, options) => {
    const { seen, url } = await tlsServer(await options());
    const { code, out, err } = await tokenFrom(url);
    expect(err).toMatch(/TLS/);
    expect(err).toContain('Nothing was sent');
    expect(out).toBe('');
    expect(code).toBe(5);
    expect(seen).toEqual({ requests: 0, bytes: 0 });
  });

  test('F37 a certificate of an authority that is trusted is taken', async () => {
    const { seen, url } = await tlsServer(await trusted.issue());
    expect(await tokenFrom(url)).toMatchObject({ code: 0, out: 'a-token-over-tls\n' });
    expect(seen.requests).toBe(1);
  });
});
