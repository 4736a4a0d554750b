import { Agent, request as rawRequest } from 'node:http';
import { connect } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { AuthRefreshAuthority, type Fault, fault, RecordingServer } from '@tokenkeep/testing';

type Json = Record<string, unknown>;

const account = { accountId: 'main', username: 'u', password: 'p' };
let server: AuthRefreshAuthority;

beforeEach(async () => {
  server = await new AuthRefreshAuthority({ accounts: [account] }).start();
});
afterEach(() => server.stop());

const login = (init: RequestInit = {}) =>
  fetch(`${server.url}/auth/login`, {
    method: 'POST',
    body: JSON.stringify({ username: 'u', password: 'p' }),
    ...init,
  });

async function withFault(scripted: Fault): Promise<Response> {
  server.faults.next('obtain', scripted);
  return login();
}

/** Everything the server wrote, byte by byte, within `ms`. */
function wire(ms = 200): Promise<string> {
  const body = JSON.stringify({ username: 'u', password: 'p' });
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
    setTimeout(() => socket.destroy(), ms);
    socket.write(
      `POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
  });
}

const issuedSets = () => server.truth.family('main')?.sets.length ?? 0;

describe('faults of a reply', () => {
  test('status: with its headers and body, nothing processed', async () => {
    const reply = await withFault(
      fault.status(503, { headers: { 'x-a': '1' }, body: 'busy', contentType: 'text/plain' }),
    );
    expect([reply.status, reply.headers.get('x-a'), await reply.text()]).toEqual([
      503,
      '1',
      'busy',
    ]);
    expect(issuedSets()).toBe(0);
    expect(server.log.last).toMatchObject({
      outcome: 'faulted',
      fault: 'status 503',
      status: 503,
      accountId: 'main',
    });
  });

  test('retryAfter: one line for each value, dates by the shown clock', async () => {
    server.dateSkewMs = 3_600_000;
    server.faults.next(
      'obtain',
      fault.retryAfter(429, 7, 'junk'),
      fault.retryAfter(503, (shownNow) => new Date(shownNow + 60_000).toUTCString()),
    );
    expect((await login()).headers.get('retry-after')).toBe('7, junk');
    const { headers } = await login();
    const date = Date.parse(headers.get('date') ?? '');
    const ahead = Date.parse(headers.get('retry-after') ?? '') - date;
    expect(ahead >= 59_000 && ahead <= 61_000).toBe(true);
    expect(date).toBeGreaterThan(Date.now() + 3_500_000);
  });

  test('html, empty, rawBody, json: 200 that says nothing', async () => {
    const page = await withFault(fault.html(5_000));
    expect(page.headers.get('content-type')).toContain('text/html');
    expect((await page.text()).length).toBeGreaterThan(4_900);
    expect(await (await withFault(fault.empty())).text()).toBe('');
    expect((await withFault(fault.empty(204))).status).toBe(204);
    expect(await (await withFault(fault.rawBody('{"a":'))).text()).toBe('{"a":');
    expect(await (await withFault(fault.json([null]))).json()).toEqual([null]);
    expect(issuedSets()).toBe(0);
  });

  test('redirect: is not followed by the server', async () => {
    const target = await new RecordingServer().start();
    server.faults.next('obtain', fault.redirect(307, `${target.url}/steal`));
    const reply = await login({ redirect: 'manual' });
    expect([reply.status, reply.headers.get('location')]).toEqual([307, `${target.url}/steal`]);
    expect([target.connections, target.log.length]).toEqual([0, 0]);
    await login({ redirect: 'follow' });
    server.faults.next('obtain', fault.redirect(307, `${target.url}/steal`));
    await login({ redirect: 'follow' });
    expect(target.log.entries.map((entry) => entry.path)).toEqual(['/steal']);
    await target.stop();
  });

  test('mutate: processed, and a success is changed on its way out', async () => {
    const expired = fault.mutate((body) => ({
      ...body,
      tokenLifetime: 0,
      refreshToken: undefined,
    }));
    const body = (await (await withFault(expired)).json()) as Json;
    expect(body.tokenLifetime).toBe(0);
    expect(body).not.toHaveProperty('refreshToken');
    expect(issuedSets()).toBe(1);
    const text = await (await withFault(fault.mutateText((json) => `${json} `))).text();
    expect(text.endsWith('} ')).toBe(true);
  });

  test('duplicateKeys: the other value comes first', async () => {
    const text = await (await withFault(fault.duplicateKeys('refreshToken', 'x'))).text();
    expect(text.match(/"refreshToken":/g)).toHaveLength(2);
    expect(text).toContain('"refreshToken":"x","refreshToken":"');
  });

  test('echoSecrets: the refusal repeats what was presented', async () => {
    const reply = await withFault(fault.echoSecrets());
    expect(reply.status).toBe(400);
    expect(reply.headers.get('x-echo')).toContain('"password":"p"');
    expect(await reply.text()).toContain('password');
  });

  test('manyEncodings: as many layers as announced', async () => {
    server.faults.next('obtain', fault.manyEncodings(6));
    const [head = '', body = ''] = (await wire()).split('\r\n\r\n');
    expect(head).toContain('content-encoding: gzip, gzip, gzip, gzip, gzip, gzip');
    let unpacked = Buffer.from(body, 'latin1');
    for (let layer = 0; layer < 6; layer += 1) unpacked = Buffer.from(gunzipSync(unpacked));
    expect(JSON.parse(unpacked.toString())).toHaveProperty('token');
  });

  test('processed: the server acts, then fails; unprocessed: it does not act', async () => {
    expect((await withFault(fault.processed(fault.status(500)))).status).toBe(500);
    expect(issuedSets()).toBe(1);
    expect(server.log.last).toMatchObject({ outcome: 'issued', status: 500, generation: 1 });
    await withFault(fault.unprocessed(fault.dropAfterProcessing())).catch(() => undefined);
    expect(issuedSets()).toBe(1);
  });
});

describe('faults of the transport', () => {
  test('hang: silence, nothing processed', async () => {
    server.faults.next('obtain', fault.hang());
    await expect(login({ signal: AbortSignal.timeout(50) })).rejects.toThrow();
    expect(server.log.last).toMatchObject({ outcome: 'faulted', status: 0 });
    expect(issuedSets()).toBe(0);
  });

  test('stallAfterHeaders: processed, a head without a body', async () => {
    const reply = await withFault(fault.stallAfterHeaders());
    expect(reply.status).toBe(200);
    const body = await Promise.race([
      reply.text(),
      new Promise((resolve) => setTimeout(resolve, 50, 'nothing')),
    ]);
    expect(body).toBe('nothing');
    expect(issuedSets()).toBe(1);
  });

  test('trickle: the body comes slowly and whole', async () => {
    const begun = performance.now();
    const reply = await withFault(fault.trickle(5_000));
    expect(await reply.json()).toHaveProperty('token');
    expect(performance.now() - begun).toBeGreaterThan(50);
  });

  test('dropBeforeProcessing: reset, nothing processed', async () => {
    await expect(withFault(fault.dropBeforeProcessing())).rejects.toMatchObject({
      cause: { code: 'ECONNRESET' },
    });
    expect(issuedSets()).toBe(0);
  });

  test.each(['rst', 'fin'] as const)(
    'dropAfterProcessing by %s: the reply is lost',
    async (how) => {
      await expect(withFault(fault.dropAfterProcessing(how))).rejects.toThrow();
      expect(issuedSets()).toBe(1);
      expect(server.log.last).toMatchObject({ outcome: 'issued', status: 0 });
    },
  );

  test('truncate: cut as asked', async () => {
    const cut = async (framing: Parameters<typeof fault.truncate>[1]) => {
      server.faults.next('obtain', fault.truncate(20, framing));
      const [head = '', body = ''] = (await wire()).split('\r\n\r\n', 2);
      return { head: head.toLowerCase(), body };
    };
    const close = await cut('close');
    expect(close.body).toHaveLength(20);
    expect(close.head).not.toContain('content-length');
    expect((await cut('short-length')).head).toContain('content-length: 20\r\n');
    const long = await cut('content-length');
    expect(long.head).toMatch(/content-length: \d{3}\r\n/);
    expect(long.body).toHaveLength(20);
    expect((await cut('chunked')).body).toMatch(/^14\r\n.{20}\r\n$/);
    await expect((await withFault(fault.truncate(20, 'content-length'))).text()).rejects.toThrow();
  });

  test('continueForever: interim replies and nothing else', async () => {
    server.faults.next('obtain', fault.continueForever(10));
    const text = await wire(100);
    expect(text.match(/HTTP\/1\.1 100 Continue\r\n\r\n/g)?.length).toBeGreaterThan(2);
    expect(text).not.toContain('200 OK');
  });

  test('delay: processed at once, told later', async () => {
    server.faults.next('obtain', fault.delay(60));
    const begun = performance.now();
    const reply = login();
    await server.nextRequest('obtain');
    expect(issuedSets()).toBe(1);
    expect((await reply).status).toBe(200);
    expect(performance.now() - begun).toBeGreaterThan(50);
  });

  test('lateProcessing: processed later, even if the client has left', async () => {
    server.faults.next('obtain', fault.lateProcessing(60));
    const logged = server.nextRequest('obtain');
    await expect(login({ signal: AbortSignal.timeout(20) })).rejects.toThrow();
    expect(issuedSets()).toBe(0);
    await logged;
    expect(issuedSets()).toBe(1);
  });
});

describe('faults of size', () => {
  test.each(['gzip', 'br'] as const)(
    'compressionBomb in %s: small, and unpacks to much',
    async (e) => {
      const reply = await withFault(fault.compressionBomb(8 * 1024 * 1024, e));
      expect(Number(reply.headers.get('content-length'))).toBeLessThan(20_000);
      expect((await reply.arrayBuffer()).byteLength).toBe(8 * 1024 * 1024);
    },
  );

  test('hugeBody: as many bytes as asked for, and stops when the client leaves', async () => {
    const reply = await withFault(fault.hugeBody(3_000_001));
    expect((await reply.arrayBuffer()).byteLength).toBe(3_000_001);
    const endless = await withFault(fault.hugeBody(2 ** 40));
    await endless.body?.cancel();
  });

  test('hugeHeaders: more than clients accept', async () => {
    await expect(withFault(fault.hugeHeaders())).rejects.toMatchObject({
      cause: { code: 'UND_ERR_HEADERS_OVERFLOW' },
    });
    expect((await withFault(fault.hugeHeaders(1_000, 4))).status).toBe(200);
  });
});

describe('the fault script', () => {
  const statuses = async (count: number) => {
    const seen: number[] = [];
    for (let index = 0; index < count; index += 1) seen.push((await login()).status);
    return seen;
  };

  test('next comes before when, when before always; normal lets one through', async () => {
    server.faults
      .always('any', fault.status(503))
      .when('obtain', (request) => request.accountId === 'main', fault.status(502))
      .next('obtain', fault.status(500), fault.normal());
    expect(server.faults.pending).toBe(2);
    expect(await statuses(3)).toEqual([500, 200, 502]);
    expect((await fetch(`${server.url}/api/x`)).status).toBe(503);
    server.faults.clear('obtain');
    expect(await statuses(1)).toEqual([503]);
    server.faults.clear();
    expect(await statuses(1)).toEqual([200]);
  });

  test('a fault for one kind of request leaves the others alone', async () => {
    server.faults.next('refresh', fault.status(500));
    expect(await statuses(1)).toEqual([200]);
    expect(server.faults.pending).toBe(1);
  });
});

describe('the scripted server', () => {
  test('tells what was processed before the client hears of it', async () => {
    const order: string[] = [];
    server.onProcessed(async (entry) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      order.push(`processed ${entry.generation}`);
    });
    await login();
    order.push('reply');
    expect(order).toEqual(['processed 1', 'reply']);
  });

  /** One request through node:http, which keeps the connection if the agent does. */
  const ask = (url: string, agent: Agent) =>
    new Promise<number | undefined>((resolve, reject) => {
      rawRequest(url, { agent }, (reply) => {
        reply.resume().on('end', () => resolve(reply.statusCode));
      })
        .on('error', reject)
        .end();
    });

  test('many requests on one kept connection leave no listeners behind', async () => {
    const listeners: number[] = [];
    server.faults.always('api', {
      name: 'counted listeners',
      processes: true,
      deliver(exchange) {
        listeners.push(exchange.socket.listenerCount('close'));
        return exchange.send(exchange.honestReply());
      },
    });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let count = 0; count < 12; count += 1) await ask(server.url, agent);
    agent.destroy();
    expect(new Set(listeners).size).toBe(1);
    expect(server.connections).toBe(1);
    expect(new Set(server.log.entries.map((entry) => entry.connection))).toEqual(new Set([1]));
  });

  test('closes idle connections when told to', async () => {
    const hasty = await new RecordingServer({ keepAliveMs: 15 }).start();
    const agent = new Agent({ keepAlive: true });
    expect(await ask(hasty.url, agent)).toBe(200);
    expect(hasty.openConnections).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(hasty.openConnections).toBe(0);
    agent.destroy();
    await hasty.stop();
  });

  test('stop ends held requests', async () => {
    server.faults.next('obtain', fault.hang());
    const held = login();
    const failed = expect(held).rejects.toThrow();
    await server.nextRequest('obtain');
    await server.stop();
    await failed;
    expect(() => server.url).toThrow('not started');
  });
});
