import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type Cut, ReplyCutter, type ReplyTrouble } from '../src/reply-cutter.js';
import { ATTEMPT_HEADER } from '../src/witnessed-authority.js';

let server: Server;
let cutter: ReplyCutter;
let cuts: Cut[];
let asked: number;

beforeEach(async () => {
  asked = 0;
  cuts = [];
  server = createServer((_request, response) => {
    asked += 1;
    response.end('x'.repeat(100));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  cutter = await new ReplyCutter(port, (cut) => cuts.push(cut)).start();
});

afterEach(async () => {
  await cutter.stop();
  server.close();
  server.closeAllConnections();
});

/** The length of the reply, or that there was none. */
async function ask(signal?: AbortSignal): Promise<number | 'no reply'> {
  try {
    const headers = { [ATTEMPT_HEADER]: 'attempt-1', connection: 'close' };
    const reply = await fetch(cutter.url, { headers, ...(signal ? { signal } : {}) });
    return (await reply.text()).length;
  } catch {
    return 'no reply';
  }
}

test('a connection that nothing happens to is carried whole, and is not on record', async () => {
  expect(await ask()).toBe(100);
  expect(cuts).toEqual([]);
});

test.each<[ReplyTrouble, number, boolean]>([
  ['reset-request', 0, false],
  ['reset-reply', 1, true],
  ['reset-midway', 1, true],
])(
  '%s: the attempt is on record, and whether its request arrived',
  async (trouble, arrived, delivered) => {
    cutter.next(trouble, 1);
    expect(await ask()).toBe('no reply');
    expect(asked).toBe(arrived);
    expect(cuts).toEqual([{ attemptId: 'attempt-1', trouble, delivered }]);
    // One connection each.
    expect(await ask()).toBe(100);
  },
);

test.each<[ReplyTrouble, boolean]>([
  ['swallow', false],
  ['trickle', true],
])('%s: the attempt is on record when its sender has given up', async (trouble, delivered) => {
  cutter.next(trouble, 1);
  expect(await ask(AbortSignal.timeout(500))).toBe('no reply');
  while (cuts.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(cuts).toEqual([{ attemptId: 'attempt-1', trouble, delivered }]);
});

test('a closed port turns everybody away, and opens again by itself or when all is healed', async () => {
  cutter.close(200);
  expect(await ask()).toBe('no reply');
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect(await ask()).toBe(100);
  cutter.close(60_000);
  cutter.heal();
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(await ask()).toBe(100);
  expect(cuts).toEqual([]);
});

test('delay: a reply that comes late and whole is no cut', async () => {
  cutter.next('delay', 1);
  expect(await ask()).toBe(100);
  expect(cuts).toEqual([]);
});
