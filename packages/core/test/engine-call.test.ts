import { expect, test } from '@jest/globals';
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
