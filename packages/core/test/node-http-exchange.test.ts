import type { Socket } from 'node:net';
import { getActiveResourcesInfo } from 'node:process';
import { expect, test } from '@jest/globals';
import { endOf, TestExchange } from './exchange-request.js';
import { answering, manyTurns, turnsUntil, wireServer } from './wire-server.js';

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}';

function sockets(): number {
  return getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
}

test('not one byte is written before onConnected has resolved', async () => {
  await using server = await wireServer(answering(ok));
  const exchange = new TestExchange(server.url);
  let admit = () => {};
  const admitted = new Promise<void>((resolve) => {
    admit = resolve;
  });
  const reply = exchange.start({}, { onConnected: () => admitted });
  await turnsUntil(() => server.connections === 1);
  await manyTurns();
  expect(server.received).toBe('');
  admit();
  expect(await endOf(reply)).toBe('status 200');
  expect(server.received).toContain('POST /token?from=test HTTP/1.1\r\n');
});

test('each request has a connection of its own and says so', async () => {
  await using server = await wireServer(answering(ok));
  const exchange = new TestExchange(server.url);
  for (let count = 1; count <= 3; count += 1) {
    expect(await endOf(exchange.send())).toBe('status 200');
    expect(server.connections).toBe(count);
  }
  const heads = server.received.toLowerCase().split('post /token').slice(1);
  expect(heads).toHaveLength(3);
  for (const head of heads) {
    expect(head).toContain('connection: close\r\n');
    expect(head).toContain('accept-encoding: identity\r\n');
    expect(head).toContain('content-length: 2\r\n');
    expect(head).toContain(`host: ${server.url.host}\r\n`);
  }
});

test('what onConnected throws is told, and nothing is written', async () => {
  await using server = await wireServer(answering(ok));
  const refusal = new Error('no');
  const reply = new TestExchange(server.url).send(
    {},
    {
      onConnected: () => Promise.reject(refusal),
    },
  );
  await expect(reply).rejects.toMatchObject({
    failure: 'not_admitted',
    sent: 'no',
    cause: refusal,
  });
  await turnsUntil(() => server.open === 0);
  expect(server.received).toBe('');
});

test('a redirect is a reply like any other and is not followed', async () => {
  await using target = await wireServer(answering(ok));
  const redirect = `HTTP/1.1 307 See\r\nLocation: ${target.url}\r\nContent-Length: 0\r\n\r\n`;
  await using server = await wireServer(answering(redirect));
  const reply = await new TestExchange(server.url).send();
  expect(reply.status).toBe(307);
  await manyTurns();
  expect(target.connections).toBe(0);
});

test.each([
  ['tears down', 'resetAndDestroy'],
  ['closes', 'end'],
] as const)('a connection the server %s before the request gets none', async (_, how) => {
  const sockets: Socket[] = [];
  await using server = await wireServer((socket) => void sockets.push(socket));
  const onConnected = async () => {
    await turnsUntil(() => sockets.length === 1);
    sockets[0]?.[how]();
    await manyTurns();
  };
  const reply = new TestExchange(server.url).send({}, { onConnected });
  expect(await endOf(reply)).toBe('reset/no');
  expect(server.received).toBe('');
});

test('nobody listening is provably not sent', async () => {
  const server = await wireServer();
  await server[Symbol.asyncDispose]();
  expect(await endOf(new TestExchange(server.url).send())).toBe('connect/no');
});

test.each(['169.254.169.254', '[fe80::1]', '0.0.0.0', '100.100.100.200'])(
  'S09 %s is never connected to',
  async (host) => {
    const exchange = new TestExchange(new URL(`https://${host}/latest/meta-data`));
    expect(await endOf(exchange.send())).toBe('address_blocked/no');
  },
);

test('F37 a server that speaks no TLS fails before a byte of the request', async () => {
  await using server = await wireServer((socket) => socket.end('HTTP/1.1 400 Bad\r\n\r\n'));
  const url = new URL(server.url.href.replace('http:', 'https:'));
  const [failure, sent] = (await endOf(new TestExchange(url).send())).split('/');
  expect(sent).toBe('no');
  expect(['tls', 'connect']).toContain(failure);
  expect(server.received).not.toContain('POST');
});

test('F35 a server that never completes TLS is given up after the connect limit', async () => {
  await using server = await wireServer();
  const url = new URL(server.url.href.replace('http:', 'https:'));
  const exchange = new TestExchange(url);
  const reply = exchange.start();
  await turnsUntil(() => server.connections === 1);
  await exchange.clock.advance(4_999);
  await manyTurns(100);
  expect(server.open).toBe(1);
  await exchange.clock.advance(1);
  expect(await endOf(reply)).toBe('timeout/no');
  await turnsUntil(() => server.open === 0);
});

test('F35 a silent server is given up after the limit of the whole exchange', async () => {
  await using server = await wireServer();
  const exchange = new TestExchange(server.url);
  const reply = exchange.start();
  await turnsUntil(() => server.received.includes('{}'));
  await exchange.clock.advance(9_999);
  await manyTurns(100);
  expect(server.open).toBe(1);
  await exchange.clock.advance(1);
  expect(await endOf(reply)).toBe('timeout/maybe');
  await turnsUntil(() => server.open === 0);
});

test('a limit that is reached before the request is admitted sends nothing', async () => {
  await using server = await wireServer(answering(ok));
  const exchange = new TestExchange(server.url);
  let admit = () => {};
  const admitted = new Promise<void>((resolve) => {
    admit = resolve;
  });
  const reply = exchange.start({}, { onConnected: () => admitted });
  await turnsUntil(() => server.connections === 1);
  await exchange.clock.advance(10_000);
  admit();
  expect(await endOf(reply)).toBe('timeout/no');
  await turnsUntil(() => server.open === 0);
  expect(server.received).toBe('');
});

test('an abort from outside ends the exchange', async () => {
  await using server = await wireServer();
  const exchange = new TestExchange(server.url);
  const reply = exchange.start();
  await turnsUntil(() => server.received.includes('{}'));
  exchange.abort();
  expect(await endOf(reply)).toBe('aborted/maybe');
  await turnsUntil(() => server.open === 0);
});

test('F35 a hundred exchanges of every kind leave no socket and no sleeper behind', async () => {
  const before = sockets();
  const behaviours = [
    answering(ok),
    answering('HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{}'),
    answering('this is not HTTP'),
    answering(`HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n${' '.repeat(5_000)}`),
    () => {},
  ];
  for (const behave of behaviours) {
    await using server = await wireServer(behave);
    const exchange = new TestExchange(server.url);
    const replies = Array.from({ length: 20 }, () => endOf(exchange.start()));
    await turnsUntil(() => server.received.split('{}').length === 21);
    await manyTurns(100);
    await exchange.clock.advance(10_000);
    await Promise.all(replies);
    await turnsUntil(() => server.open === 0);
    expect(exchange.clock.pendingSleeps()).toEqual([]);
  }
  await turnsUntil(() => sockets() <= before);
});
