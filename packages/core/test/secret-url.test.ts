import { expect, test } from '@jest/globals';
import { Secret } from '../src/token/secret.js';
import { EngineCall } from '../src/transport/engine-call.js';

function callThatSees(urls: string[]): EngineCall {
  return new EngineCall({
    exchange: {
      send: async ({ url }) => {
        urls.push(url.href);
        return { status: 200, headers: {}, body: new Uint8Array() };
      },
    },
    target: {},
    signal: new AbortController().signal,
    allowInsecureLoopback: false,
    connectTimeoutMs: 1,
    timeoutMs: 1,
    maxBodyBytes: 1,
    wallClock: () => 0,
    beforeConnect: async () => {},
    admit: async () => {},
    onOutcome: () => {},
  });
}

test('S21 a URL may be a secret: it goes over the wire, and errors are cleaned of it', async () => {
  const urls: string[] = [];
  const call = callThatSees(urls);
  const url = new Secret('https://id.example/token/r-12345678');
  await call.send({ method: 'GET', url });
  expect(urls).toEqual(['https://id.example/token/r-12345678']);
  expect(call.secrets).toEqual([url]);
});

test('S21 a secret that was printed into a URL is not sent', async () => {
  const urls: string[] = [];
  const url = new Secret(`https://id.example/token/${new Secret('r')}`);
  await expect(callThatSees(urls).send({ method: 'GET', url })).rejects.toThrow(
    /Pass the Secret itself/,
  );
  expect(urls).toEqual([]);
});
