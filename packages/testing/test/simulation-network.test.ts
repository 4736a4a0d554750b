import { describe, expect, test } from '@jest/globals';
import type {
  ExchangeError,
  ExchangeFailure,
  ExchangeReply,
  ExchangeRequest,
} from '@tokenkeep/core';
import { AuthRefreshAuthority } from '@tokenkeep/testing';
import {
  everyNetworkFault,
  type NetworkFault,
  type Send,
  SimProcess,
  Simulation,
} from '@tokenkeep/testing/simulation';

const origin = 'https://crm.test';
const person = { username: 'ada', password: 'correct horse battery' };

/** The seconds a slow request takes are drawn: this is longer than any of them. */
const timeoutMs = 90_000;

/** A login, as a provider sends it. */
function loginRequest(signal: AbortSignal): ExchangeRequest {
  return {
    method: 'POST',
    url: new URL('/auth/login', origin),
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(person),
    connectTimeoutMs: 5_000,
    timeoutMs,
    maxBodyBytes: 65_536,
    signal,
  };
}

function scene(seed = 1) {
  const simulation = new Simulation({ seed });
  const server = simulation.serve(
    origin,
    (time) => new AuthRefreshAuthority({ time, accounts: [{ accountId: 'crm', ...person }] }),
  );
  const process = new SimProcess(simulation.host('host'), 'service#1');
  const sends: Send[] = [];
  let connections = 0;
  simulation.watch({
    sent: (send) => void sends.push(send),
    connecting: () => {
      connections += 1;
    },
  });
  const stop = new AbortController();
  const logIn = async (onConnected: () => Promise<void> = async () => {}) => {
    const request = loginRequest(stop.signal);
    const sending = simulation.network.exchangeOf(process).send(request, { onConnected });
    return simulation.playUntil(
      sending.then(
        (reply) => ({ reply }),
        (error: ExchangeError) => ({ error }),
      ),
    );
  };
  return {
    simulation,
    server,
    process,
    sends,
    stop,
    logIn,
    connections: () => connections,
  };
}

interface Effect {
  /** Requests the server has acted on. */
  readonly processed: number;
  /** What the client is told: whether a byte may have left, or the reply it read. */
  readonly told: { readonly sent: 'no' | 'maybe'; readonly failure: ExchangeFailure } | number;
  /** How long it takes at least. */
  readonly afterMs?: number;
}

const effects: Readonly<Record<NetworkFault, Effect>> = {
  'connection refused': { processed: 0, told: { sent: 'no', failure: 'connect' } },
  'name not found': { processed: 0, told: { sent: 'no', failure: 'dns' } },
  'certificate refused': { processed: 0, told: { sent: 'no', failure: 'tls' } },
  'connecting hangs': {
    processed: 0,
    told: { sent: 'no', failure: 'timeout' },
    afterMs: 5_000,
  },
  'request reset': { processed: 0, told: { sent: 'maybe', failure: 'reset' } },
  'request swallowed': {
    processed: 0,
    told: { sent: 'maybe', failure: 'timeout' },
    afterMs: timeoutMs,
  },
  busy: { processed: 0, told: 503 },
  throttled: { processed: 0, told: 429 },
  'error before': { processed: 0, told: 500 },
  'reply reset': { processed: 1, told: { sent: 'maybe', failure: 'reset' } },
  'reply swallowed': {
    processed: 1,
    told: { sent: 'maybe', failure: 'timeout' },
    afterMs: timeoutMs,
  },
  'reply cut': { processed: 1, told: { sent: 'maybe', failure: 'truncated' } },
  'error after': { processed: 1, told: 502 },
  'page after': { processed: 1, told: 200 },
  'empty after': { processed: 1, told: 200 },
  'request slow': { processed: 1, told: 200, afterMs: 2_000 },
  'reply slow': { processed: 1, told: 200, afterMs: 2_000 },
};

describe('each fault does what its name says:', () => {
  test.each(everyNetworkFault)('%s', async (fault) => {
    const { processed, told, afterMs = 0 } = effects[fault];
    for (let seed = 1; seed <= 5; seed += 1) {
      const { simulation, server, sends, logIn } = scene(seed);
      simulation.network.next(origin, fault);
      const ended = await logIn();
      expect(server.authority.log.count({ outcome: 'issued' })).toBe(processed);
      expect(sends).toHaveLength(typeof told === 'number' || told.sent === 'maybe' ? 1 : 0);
      if (typeof told === 'number') expect(ended).toMatchObject({ reply: { status: told } });
      else expect(ended).toMatchObject({ error: told });
      expect(simulation.now).toBeGreaterThanOrEqual(afterMs);
      expect(simulation.now).toBeLessThan(afterMs + 70_000);
      // It was for one request: the next one is as good as any.
      expect(await logIn()).toMatchObject({ reply: { status: 200 } });
      expect(server.authority.log.count({ outcome: 'issued' })).toBe(processed + 1);
    }
  });

  test.each([
    ['page after', '<html>'],
    ['empty after', ''],
  ] as const)(
    '%s brings something else than the token that was issued',
    async (fault, beginning) => {
      const { simulation, server, logIn } = scene();
      simulation.network.next(origin, fault);
      const ended = (await logIn()) as { reply: ExchangeReply };
      const body = Buffer.from(ended.reply.body).toString();
      expect(body.startsWith(beginning)).toBe(true);
      expect(body).not.toContain(server.authority.truth.current('crm')?.accessToken);
    },
  );

  test('throttled says when to come again', async () => {
    const { simulation, logIn } = scene();
    simulation.network.next(origin, 'throttled');
    const ended = (await logIn()) as { reply: ExchangeReply };
    expect(Number(ended.reply.headers['retry-after']?.[0])).toBeGreaterThan(0);
  });
});

test("without faults the reply is the server's own, three ways and two later", async () => {
  const { simulation, server, sends, logIn, connections } = scene();
  const ended = (await logIn()) as { reply: ExchangeReply };
  const body = JSON.parse(Buffer.from(ended.reply.body).toString());
  expect(body.token).toBe(server.authority.truth.current('crm')?.accessToken);
  expect([connections(), sends.length]).toEqual([1, 1]);
  expect(simulation.now).toBeGreaterThan(20);
  expect(simulation.now).toBeLessThan(2_000);
});

test('faults at random come at their rate', async () => {
  const { simulation, logIn } = scene();
  simulation.network.rates.set('connection refused', 0.3);
  let refused = 0;
  for (let count = 0; count < 300; count += 1) {
    const ended = await logIn();
    if ('error' in ended) refused += 1;
  }
  expect(refused).toBeGreaterThan(60);
  expect(refused).toBeLessThan(120);
});

test('a server that is down refuses connections, and resets what was on its way', async () => {
  const { simulation, server, logIn, connections } = scene();
  server.isDown = true;
  expect(await logIn()).toMatchObject({ error: { failure: 'connect', sent: 'no' } });
  server.isDown = false;
  simulation.watch({
    sent: () => {
      server.isDown = true;
    },
  });
  expect(await logIn()).toMatchObject({ error: { failure: 'reset', sent: 'maybe' } });
  expect(server.authority.log.length).toBe(0);
  expect(connections()).toBe(2);
});

test('a host that nobody serves has no name', async () => {
  const { simulation, process } = scene();
  const sending = simulation.network.exchangeOf(process).send(
    {
      method: 'GET',
      url: new URL('https://nowhere.test/'),
      headers: {},
      body: undefined,
      connectTimeoutMs: 5_000,
      timeoutMs,
      maxBodyBytes: 1,
      signal: new AbortController().signal,
    },
    { onConnected: async () => {} },
  );
  await expect(simulation.playUntil(sending)).rejects.toMatchObject({ failure: 'dns', sent: 'no' });
});

test('who is not admitted once connected has sent nothing', async () => {
  const { server, sends, logIn } = scene();
  const ended = await logIn(async () => {
    throw new Error('the budget is spent');
  });
  expect(ended).toMatchObject({ error: { failure: 'not_admitted', sent: 'no' } });
  expect([sends.length, server.authority.log.length]).toEqual([0, 0]);
});

test('who aborts is told at once whether a byte may have left', async () => {
  const before = scene();
  void before.simulation.sleep(1).then(() => before.stop.abort());
  expect(await before.logIn()).toMatchObject({ error: { failure: 'aborted', sent: 'no' } });

  const after = scene();
  after.simulation.watch({ sent: () => after.stop.abort() });
  expect(await after.logIn()).toMatchObject({ error: { failure: 'aborted', sent: 'maybe' } });
  await after.simulation.play(1_000);
  // The server does not know that nobody waits any more.
  expect(after.server.authority.log.count({ outcome: 'issued' })).toBe(1);
});

test('of a request whose process died in the middle of it, all or too little has left', async () => {
  const seen = new Set<number>();
  for (let seed = 1; seed <= 20; seed += 1) {
    const { simulation, server, process } = scene(seed);
    let heard = false;
    const request = loginRequest(new AbortController().signal);
    const hooks = {
      onConnected: async () => {},
      onProgress: (step: string) => {
        if (step === 'head-written') process.kill();
      },
    };
    const note = () => {
      heard = true;
    };
    simulation.network.exchangeOf(process).send(request, hooks).then(note, note);
    await simulation.play(120_000);
    expect(heard).toBe(false);
    seen.add(server.authority.log.count({ outcome: 'issued' }));
  }
  expect(seen).toEqual(new Set([0, 1]));
});

test("an API call brings the server's word on the token it carries, or nothing at all", async () => {
  const { simulation, server, process, logIn } = scene();
  await logIn();
  const token = server.authority.truth.current('crm')?.accessToken;
  const call = (authorization: string) =>
    simulation.playUntil(simulation.network.callApi(process, server, { authorization }));
  expect((await call(`Bearer ${token}`))?.status).toBe(200);
  expect((await call('Bearer forged'))?.status).toBe(401);
  server.isDown = true;
  expect(await call(`Bearer ${token}`)).toBeUndefined();
});
