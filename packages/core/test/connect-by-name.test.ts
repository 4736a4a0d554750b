import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, jest, test } from '@jest/globals';
import { TestClock } from '@tokenkeep/testing';

type Found = (error: Error | null, addresses: { address: string; family: number }[]) => void;

let answer: (done: Found) => void = () => {};
let lookups = 0;

jest.unstable_mockModule('node:dns', () => ({
  lookup: (_host: string, _options: unknown, done: Found) => {
    lookups += 1;
    answer(done);
  },
}));
const { nodeHttpExchange } = await import('../src/transport/node-http-exchange.js');

function send(clock: TestClock, url = 'http://auth.example:1/token', port?: number) {
  const sent = nodeHttpExchange(clock).send(
    {
      method: 'POST',
      url: new URL(port === undefined ? url : `http://auth.example:${port}/token`),
      headers: {},
      body: '{}',
      connectTimeoutMs: 5_000,
      timeoutMs: 10_000,
      maxBodyBytes: 1_024,
      signal: new AbortController().signal,
    },
    { onConnected: async () => {} },
  );
  return sent.then(
    ({ status }) => `status ${status}`,
    ({ failure, sent }) => `${failure}/${sent}`,
  );
}

function addresses(...found: string[]): void {
  answer = (done) =>
    done(
      null,
      found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
}

test.each(['ENOTFOUND', 'EAI_AGAIN'])(
  'F36 a name that fails with %s is provably not sent',
  async (code) => {
    answer = (done) => done(Object.assign(new Error(code), { code }), []);
    expect(await send(new TestClock())).toBe('dns/no');
  },
);

test('F36 a name that takes 30 s to resolve is given up after the connect limit', async () => {
  const clock = new TestClock();
  answer = () => {};
  const sent = send(clock);
  await clock.advance(4_999);
  expect(lookups).toBeGreaterThan(0);
  await clock.advance(1);
  expect(await sent).toBe('timeout/no');
});

test.each(['169.254.169.254', '0.0.0.0', 'fe80::1', '::ffff:169.254.169.254', '100.100.100.200'])(
  'S09 a name that resolves to %s is not connected to',
  async (address) => {
    addresses(address);
    expect(await send(new TestClock())).toBe('address_blocked/no');
  },
);

test('S09 of several addresses only the allowed ones are tried, and the answer is not asked for twice', async () => {
  const server = createServer((socket) =>
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  addresses('169.254.169.254', '127.0.0.1');
  lookups = 0;
  expect(await send(new TestClock(), undefined, port)).toBe('status 200');
  expect(lookups).toBe(1);
  server.close();
  await once(server, 'close');
});
