import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { authorizedFetch } from '../src/index.js';
import { ApiWorld } from './api-world.js';

test('a JSON reply that does not end is handed on, not read to its end to look for a refusal', async () => {
  await using world = await ApiWorld.begin({
    // As vendors do who refuse with 200 and a code.
    provider: { isTokenRejection: async (reply) => (await reply.json()) === 'refused' },
    engine: { parameters: { bodyPeekMs: 50 } },
  });
  const server = createServer((_request, reply) => {
    reply.writeHead(200, { 'content-type': 'application/json' });
    reply.write('{"events": [');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  try {
    const ada = authorizedFetch(world.engine, 'ada', { allowOrigins: [origin] });
    const reply = await ada(`${origin}/events`);
    expect(reply.status).toBe(200);
    // The reader of the reply still gets what was read to look into it.
    const reader = reply.body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('{"events": [');
    await reader?.cancel();
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('a client whose bodies are streams of Node has its refusals recognised, too', async () => {
  await using world = await ApiWorld.begin();
  const { api, engine } = world;
  await engine.getToken('ada');
  api.truth.revokeAccess('ada');
  const bodies: Readable[] = [];
  const ada = authorizedFetch(engine, 'ada', {
    fetch: async (url, init) => {
      const reply = await fetch(url, init);
      const body = Readable.from([Buffer.from(await reply.clone().arrayBuffer())]);
      bodies.push(body);
      return Object.defineProperty(reply, 'body', { value: body });
    },
  });
  expect((await ada(`${api.url}/orders`)).status).toBe(200);
  expect(api.count('refresh')).toBe(1);
  // The refused reply is let go of.
  expect(bodies[0]?.destroyed).toBe(true);
});
