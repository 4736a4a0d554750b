import { generateKeyPairSync } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { createTokenEngine } from '@tokenkeep/core';
import { idpAt } from './idp-at.js';

const dpopKey = JSON.stringify(
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }),
);

/** Wants a nonce in every proof (RFC 9449 section 8), and can be gone for a while. */
class NonceServer implements AsyncDisposable {
  readonly answers: string[] = [];
  nonce = 'n1';
  /** Whether it stops listening with its next answer. */
  leaves = false;
  #server = createServer((request, response) => this.#answer(request, response));
  #port = 0;

  static async begin(): Promise<NonceServer> {
    const server = new NonceServer();
    await server.listen();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async listen(): Promise<void> {
    await new Promise<void>((done) => this.#server.listen(this.#port, '127.0.0.1', done));
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const [, payload = ''] = String(request.headers.dpop).split('.');
    const { nonce } = JSON.parse(Buffer.from(payload, 'base64url').toString());
    const granted = nonce === this.nonce;
    this.answers.push(granted ? 'tokens' : 'use_dpop_nonce');
    const count = this.answers.length;
    const body = granted
      ? {
          access_token: `at${count}`,
          token_type: 'DPoP',
          expires_in: 60,
          refresh_token: `rt${count}`,
        }
      : { error: 'use_dpop_nonce' };
    if (this.leaves) this.#server.close();
    const headers = { 'dpop-nonce': this.nonce, connection: 'close' };
    response.writeHead(granted ? 200 : 400, headers).end(JSON.stringify(body));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise((done) => this.#server.close(done));
  }
}

async function engineAt({ url }: NonceServer) {
  const engine = await createTokenEngine({
    providers: [idpAt(url, { clientId: 'us', dpopKey })],
    accounts: [{ provider: 'idp', account: 'crm' }],
    allowInsecureLoopback: true,
    parameters: { gapMs: 1, forcedGapMs: 1, backoffBaseMs: 1 },
  });
  await engine.accounts.import('crm', { refreshToken: 'rt0' });
  return engine;
}

test('a server that asks for a nonce, and is gone then, puts no refresh token in doubt', async () => {
  await using server = await NonceServer.begin();
  await using engine = await engineAt(server);
  server.leaves = true;
  await expect(engine.getToken('crm', { waitMs: 500 })).rejects.toMatchObject({
    code: 'PROVIDER_UNAVAILABLE',
    reason: 'connect',
  });
  expect(server.answers).toEqual(['use_dpop_nonce']);
  server.leaves = false;
  await server.listen();
  expect((await engine.getToken('crm')).tokenType).toBe('DPoP');
  expect((await engine.status('crm')).state).toBe('live');
});

test('a nonce is used until the server gives another: a refresh is one request', async () => {
  await using server = await NonceServer.begin();
  await using engine = await engineAt(server);
  await engine.getToken('crm');
  await engine.renew('crm');
  await engine.renew('crm');
  expect(server.answers).toEqual(['use_dpop_nonce', 'tokens', 'tokens', 'tokens']);
  server.nonce = 'n2';
  await engine.renew('crm');
  expect(server.answers.slice(4)).toEqual(['use_dpop_nonce', 'tokens']);
});
