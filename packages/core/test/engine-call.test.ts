import { describe, expect, jest, test } from '@jest/globals';
import type { TokenRequest } from '../src/provider/provider-call.js';
import { Secret } from '../src/token/secret.js';
import { EngineCall } from '../src/transport/engine-call.js';
import { ExchangeError, type HttpExchange } from '../src/transport/http-exchange.js';

const rules = {
  target: {},
  signal: new AbortController().signal,
  allowInsecureLoopback: false,
  connectTimeoutMs: 1_000,
  timeoutMs: 1_000,
  maxBodyBytes: 1_000,
  wallClock: () => 0,
  beforeConnect: async () => {},
  onOutcome: () => {},
};

test('an intent that became durable after the exchange had given up is not taken for a request', async () => {
  let admitted = () => {};
  const admission = new Promise<void>((resolve) => {
    admitted = resolve;
  });
  let connected: Promise<void> | undefined;
  // A process that stood still while the store answered: its timer rings first.
  const exchange: HttpExchange = {
    send: (_request, { onConnected }) => {
      connected = onConnected();
      return Promise.reject(new ExchangeError('timeout', 'no'));
    },
  };
  const call = new EngineCall({ ...rules, exchange, admit: () => admission });
  await expect(call.send({ method: 'POST', url: 'https://crm.test/' })).rejects.toMatchObject({
    code: 'PROVIDER_UNAVAILABLE',
    reason: 'timeout',
  });
  admitted();
  await connected;
  expect(call.sent).toBe('no');
});

test.each([
  ['a line break', 'Bearer x\r\nHost: elsewhere'],
  ['an umlaut', 'pässword'],
])('%s in a header is a mistake of the configuration, told without the value', async (_, value) => {
  const exchange: HttpExchange = { send: () => Promise.reject(new Error('was sent')) };
  const call = new EngineCall({ ...rules, exchange, admit: async () => {} });
  const headers = { 'X-Login': new Secret(value) };
  const sending = call.send({ method: 'POST', url: 'https://crm.test/', headers });
  await expect(sending).rejects.toMatchObject({
    code: 'CONFIGURATION_INVALID',
    reason: 'header_value',
    message: expect.stringMatching(/"X-Login"/),
  });
  await expect(sending).rejects.not.toThrow(value);
});

describe('a preliminary request', () => {
  const url = 'https://crm.test/.well-known/oauth-authorization-server';
  const preliminary = { method: 'GET', url, preliminary: true } as const;
  const answers = (status: number): HttpExchange => ({
    send: async (_request, { onConnected }) => {
      await onConnected();
      return { status, headers: {}, body: new Uint8Array() };
    },
  });

  test('makes no intent, and the request after it does', async () => {
    const admit = jest.fn(async () => {});
    const call = new EngineCall({ ...rules, exchange: answers(200), admit });
    await call.send(preliminary);
    expect([admit.mock.calls.length, call.sent]).toEqual([0, 'no']);
    await call.send({ method: 'POST', url });
    expect([admit.mock.calls.length, call.sent]).toEqual([1, 'maybe']);
  });

  test('leaves nothing in doubt when its reply is lost, or sends elsewhere', async () => {
    const lost: HttpExchange = {
      send: () => Promise.reject(new ExchangeError('reset', 'maybe')),
    };
    for (const [exchange, code] of [
      [lost, 'PROVIDER_UNAVAILABLE'],
      [answers(302), 'PROVIDER_PROTOCOL'],
    ] as const) {
      const call = new EngineCall({ ...rules, exchange, admit: async () => {} });
      await expect(call.send(preliminary)).rejects.toMatchObject({ code });
      expect(call.sent).toBe('no');
    }
  });

  test.each<[string, Partial<TokenRequest>]>([
    ['changes something', { method: 'POST' }],
    ['has a body', { form: { grant_type: 'refresh_token' } }],
    ['has a secret', { headers: { Authorization: new Secret('Bearer x') } }],
  ])('is refused if it %s', async (_what, changes) => {
    const call = new EngineCall({ ...rules, exchange: answers(200), admit: async () => {} });
    await expect(call.send({ ...preliminary, ...changes })).rejects.toThrow(TypeError);
  });

  test('is refused after another one, and when there are more than two', async () => {
    const made = () => new EngineCall({ ...rules, exchange: answers(200), admit: async () => {} });
    const late = made();
    await late.send({ method: 'POST', url });
    await expect(late.send(preliminary)).rejects.toThrow(TypeError);
    const many = made();
    await many.send(preliminary);
    await many.send(preliminary);
    await expect(many.send(preliminary)).rejects.toThrow(TypeError);
  });
});
