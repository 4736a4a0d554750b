import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { endOf, TestExchange } from './exchange-request.js';
import { answering, manyTurns, turnsUntil, wireServer } from './wire-server.js';

const body = '{"access_token":"t-1","refresh_token":"r-2"}';

function replied(headers: string, bytes: string | Buffer): Buffer {
  return Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${headers}\r\n`), Buffer.from(bytes)]);
}

function sized(bytes: Buffer, coding: string): Buffer {
  return replied(`Content-Encoding: ${coding}\r\nContent-Length: ${bytes.length}\r\n`, bytes);
}

async function endAfter(bytes: string | Buffer): Promise<string> {
  await using server = await wireServer(answering(bytes));
  const end = await endOf(new TestExchange(server.url).send());
  await turnsUntil(() => server.open === 0);
  return end;
}

async function bodyOf(bytes: string | Buffer): Promise<string> {
  await using server = await wireServer(answering(bytes));
  const reply = await new TestExchange(server.url).send();
  return Buffer.from(reply.body).toString();
}

test.each([
  ['Content-Length', `Content-Length: ${body.length}\r\n`, body],
  [
    'chunks',
    'Transfer-Encoding: chunked\r\n',
    `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
  ],
  ['the end of the connection', 'Connection: close\r\n', body],
])('a body framed by %s is read whole', async (_, headers, bytes) => {
  expect(await bodyOf(replied(headers, bytes))).toBe(body);
});

test.each([
  ['gzip', gzipSync(body)],
  ['x-gzip', gzipSync(body)],
  ['deflate', deflateSync(body)],
  ['br', brotliCompressSync(body)],
  ['GZIP, identity', gzipSync(body)],
])('a body coded as %s is decoded, though identity was asked for', async (coding, bytes) => {
  expect(await bodyOf(sized(bytes, coding))).toBe(body);
});

test.each([
  ['gzip', gzipSync(Buffer.alloc(1_025, ' '))],
  ['br', brotliCompressSync(Buffer.alloc(64 * 1024 * 1024, ' '))],
])('F23 a %s body that unpacks to more than allowed is cut off', async (coding, bytes) => {
  expect(await endAfter(sized(bytes, coding))).toBe('oversized/maybe');
});

test('F23 a body of exactly the allowed size is read, one more byte is not', async () => {
  const sizes = (bytes: number) =>
    replied(`Content-Length: ${bytes}\r\n`, Buffer.alloc(bytes, ' '));
  expect(await endAfter(sizes(1_024))).toBe('status 200');
  expect(await endAfter(sizes(1_025))).toBe('oversized/maybe');
});

test('F23 a body without end is cut off, and its connection with it', async () => {
  const portion = Buffer.alloc(4_096, ' ');
  await using server = await wireServer((socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n');
      const more = () => {
        while (!socket.destroyed && socket.write(portion)) {}
      };
      socket.on('drain', more);
      more();
    });
  });
  expect(await endOf(new TestExchange(server.url).send())).toBe('oversized/maybe');
  await turnsUntil(() => server.open === 0);
});

test.each([
  'gzip, gzip, gzip, gzip, gzip, gzip',
  'gzip\r\nContent-Encoding: br',
  'compress',
  'zstd',
  '__proto__',
  'constructor',
])('F23 a body coded as %j is refused', async (coding) => {
  expect(await endAfter(sized(Buffer.from(body), coding))).toBe('encoding/maybe');
});

test.each([
  ['that is no gzip', Buffer.from(body)],
  ['that ends too early', gzipSync(body).subarray(0, 20)],
])('a gzip body %s is an encoding error', async (_, bytes) => {
  expect(await endAfter(sized(bytes, 'gzip'))).toBe('encoding/maybe');
});

test.each([
  ['fewer bytes than Content-Length', `Content-Length: ${body.length}\r\n`, body.slice(0, 20)],
  ['no last chunk', 'Transfer-Encoding: chunked\r\n', `14\r\n${body.slice(0, 20)}\r\n`],
  ['half a chunk', 'Transfer-Encoding: chunked\r\n', `ff\r\n${body.slice(0, 20)}`],
])('F22 a body with %s is truncated', async (_, headers, bytes) => {
  expect(await endAfter(replied(headers, bytes))).toBe('truncated/maybe');
});

test('F22 a body that is torn off is truncated, however it is framed', async () => {
  for (const framing of ['Connection: close\r\n', 'Content-Length: 900\r\n']) {
    await using server = await wireServer((socket) => {
      socket.once('data', () => {
        socket.write(replied(framing, body));
        setImmediate(() => setImmediate(() => socket.resetAndDestroy()));
      });
    });
    expect(await endOf(new TestExchange(server.url).send())).toMatch(/^(truncated|reset)\/maybe$/);
  }
});

test.each([
  ['one huge header', `X-Padding: ${'x'.repeat(33_000)}\r\n`],
  ['very many headers', Array.from({ length: 5_000 }, (_, n) => `x-${n}: 1\r\n`).join('')],
])('S13 a head with %s is cut off', async (_, headers) => {
  expect(await endAfter(replied(headers, body))).toBe('oversized/maybe');
});

test.each([
  ['what is not HTTP', 'SSH-2.0-OpenSSH_9.6\r\n'],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}'],
  [
    'length and chunks',
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n',
  ],
  ['another protocol', 'HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'],
])('a reply of %s is malformed', async (_, bytes) => {
  expect(await endAfter(bytes)).toBe('malformed/maybe');
});

test('a server that closes without a word has perhaps processed the request', async () => {
  expect(await endAfter('')).toBe('reset/maybe');
});

test('F35 100 Continue for ever is not an answer', async () => {
  await using server = await wireServer((socket) => {
    socket.once('data', () => {
      for (let time = 0; time < 200; time += 1) socket.write('HTTP/1.1 100 Continue\r\n\r\n');
    });
  });
  const exchange = new TestExchange(server.url);
  const reply = exchange.start();
  await turnsUntil(() => server.received.includes('{}'));
  await manyTurns();
  await exchange.clock.advance(10_000);
  expect(await endOf(reply)).toBe('timeout/maybe');
  await turnsUntil(() => server.open === 0);
});

test('F35 a body that stalls or trickles is given up at the limit', async () => {
  for (const start of ['', '{"access_token"']) {
    await using server = await wireServer((socket) => {
      socket.once('data', () => socket.write(replied('Content-Length: 900\r\n', start)));
    });
    const exchange = new TestExchange(server.url);
    const reply = exchange.start();
    await turnsUntil(() => server.received.includes('{}'));
    await manyTurns(200);
    await exchange.clock.advance(10_000);
    expect(await endOf(reply)).toBe('timeout/maybe');
    await turnsUntil(() => server.open === 0);
  }
});

test('headers sent twice are both there', async () => {
  await using server = await wireServer(
    answering('HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nRetry-After: 9\r\nContent-Length: 0\r\n\r\n'),
  );
  const reply = await new TestExchange(server.url).send();
  expect(reply.headers['retry-after']).toEqual(['7', '9']);
});

test('with progress hooks the head leaves first, and the request is still whole', async () => {
  await using server = await wireServer(
    answering('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}'),
  );
  const steps: string[] = [];
  const exchange = new TestExchange(server.url);
  const onProgress = (step: string) => void steps.push(step);
  expect(await endOf(exchange.send({}, { onProgress }))).toBe('status 200');
  expect(steps).toEqual(['head-written', 'reply-begun']);
  expect(server.received.endsWith('\r\n\r\n{}')).toBe(true);
});
