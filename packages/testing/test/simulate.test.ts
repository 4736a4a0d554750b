import { describe, expect, test } from '@jest/globals';
import { type AccountConfig, type TokenEngine, TokenError } from '@tokenkeep/core';
import { authorizedFetch } from '@tokenkeep/http';
import { authRefresh } from '@tokenkeep/provider-auth-refresh';
import { AuthRefreshAuthority, fault, jsonReply, textReply } from '@tokenkeep/testing';
import {
  type SimulatedServer,
  type SimulatedService,
  type SimulatedWorld,
  simulate,
} from '@tokenkeep/testing/simulation';

const origin = 'https://billing.test';
const person = { username: 'ada', password: 'correct horse battery' };
const accounts: readonly AccountConfig[] = [
  { provider: 'billing', account: 'main', credentials: person },
];
const options = { providers: [authRefresh({ id: 'billing', baseUrl: origin })], accounts };
/** What nobody renews in the background happens when it is asked for. */
const quiet = { ...options, background: false };

const serveBilling = (world: SimulatedWorld) =>
  world.serve(
    origin,
    (time) => new AuthRefreshAuthority({ time, accounts: [{ accountId: 'main', ...person }] }),
  );

async function begin(world: SimulatedWorld, more: Partial<typeof options> = {}) {
  const billing = serveBilling(world);
  const service = await world.start('service', { ...quiet, ...more });
  return { billing, service };
}

async function losePower(service: SimulatedService) {
  service.host.powerOff();
  service.host.powerOn();
  await service.start();
}

const forged = jsonReply(200, {
  token: 'forged',
  tokenLifetime: 3_600,
  refreshToken: 'forged-too',
});

/** The error a story ends with. */
async function failureOf(
  story: (world: SimulatedWorld) => Promise<unknown>,
  more: Parameters<typeof simulate>[0] = {},
): Promise<Error> {
  const ended = await simulate({ seed: 7, ...more }, story).catch((error: unknown) => error);
  if (!(ended instanceof Error)) throw new Error('The story did not fail.');
  return ended;
}

describe('a run', () => {
  async function night(world: SimulatedWorld) {
    const { billing, service } = await begin(world);
    const calls = service.every({ seconds: 20 }, () => service.getToken('main'));
    billing.faults.next('refresh', 'reply reset');
    await world.pass({ hours: 2 });
    return calls.made;
  }

  test('of one seed is the same run each time, and of another seed another', async () => {
    const [once, again, other] = [
      await simulate({ seed: 'a' }, night),
      await simulate({ seed: 'a' }, night),
      await simulate({ seed: 'b' }, night),
    ];
    expect(again.lines).toEqual(once.lines);
    expect(other.lines).not.toEqual(once.lines);
    expect(once.lines.length).toBeGreaterThan(10);
  });

  test('returns what the story returned, what servers were asked, and what happened', async () => {
    const run = await simulate({}, night);
    expect(run).toMatchObject({ seed: 1, violations: [] });
    // The last call and the end of the story fall on one instant, in whichever order.
    expect([360, 361]).toContain(run.result);
    expect(run.logOf(origin).logins()).toHaveLength(2);
    expect(run.lines).toContainEqual(
      expect.stringMatching(/^2025-01-01 0\d:\d\d:\d\d\.\d{3} {2}service#1 {2}renewal:in_doubt/),
    );
    expect(() => run.logOf('https://other.test')).toThrow(`There were: ${origin}.`);
  });

  test('next to another one disturbs it in nothing', async () => {
    const alone = await simulate({ seed: 3 }, night);
    const [together] = await Promise.all([
      simulate({ seed: 3 }, night),
      simulate({ seed: 4 }, night),
    ]);
    expect(together.lines).toEqual(alone.lines);
  });
});

describe('time', () => {
  test('begins where the story says, and passes by exactly what is awaited', async () => {
    await simulate({ startAt: '2026-02-28T23:59:00Z' }, async (world) => {
      await world.pass({ minutes: 1, seconds: 30, ms: 5 });
      expect(world.now.toISOString()).toBe('2026-03-01T00:00:30.005Z');
      await world.pass(995);
      expect(world.now.toISOString()).toBe('2026-03-01T00:00:31.000Z');
    });
  });

  test.each([
    ['03:00', '2025-01-02T03:00:00.000Z'],
    ['12:00:30', '2025-01-01T12:00:30.000Z'],
    ['12:00', '2025-01-02T12:00:00.000Z'],
    ['2025-01-05T10:00:00+02:00', '2025-01-05T08:00:00.000Z'],
  ])('goes on until %s', async (moment, shown) => {
    await simulate({ startAt: '2025-01-01T12:00:00Z' }, async (world) => {
      await world.until(moment);
      expect(world.now.toISOString()).toBe(shown);
    });
  });

  test('stands still while the story awaits something real', async () => {
    await simulate({}, async (world) => {
      const { service } = await begin(world, options);
      const before = world.now;
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(world.now).toEqual(before);
      await service.getToken('main');
    });
  });

  test('passes until a condition is met, at that event', async () => {
    await simulate({}, async (world) => {
      const { billing, service } = await begin(world);
      void service.getToken('main');
      await world.until(() => billing.log.length > 0);
      expect(world.now.getTime()).toBe(billing.log.last?.at);
      const before = world.now;
      await world.until(() => true);
      expect(world.now).toEqual(before);
    });
  });

  test('a condition that is not met in time fails the story, and says when', async () => {
    const { message } = await failureOf((world) => world.until(() => false, { minutes: 5 }));
    expect(message).toContain('it was not so within 300000 ms, at 2025-01-01 00:05:00.000');
  });

  test.each([
    ['a negative span', (world: SimulatedWorld) => world.pass(-1)],
    ['no span', (world: SimulatedWorld) => world.pass({})],
    ['an unknown part', (world: SimulatedWorld) => world.pass({ weeks: 1 } as object)],
    ['no number', (world: SimulatedWorld) => world.pass({ minutes: Number.NaN })],
    ['no time of day', (world: SimulatedWorld) => world.until('25:00')],
    ['a date without a zone', (world: SimulatedWorld) => world.until('2025-01-02T03:00:00')],
  ])('%s is a TypeError', async (_what, wrong) => {
    const { cause } = await failureOf(async (world) => wrong(world));
    expect(cause).toBeInstanceOf(TypeError);
  });

  test('a moment that has passed is a RangeError', async () => {
    const { cause } = await failureOf((world) => world.until('2024-12-31T00:00:00Z'));
    expect(cause).toBeInstanceOf(RangeError);
  });
});

describe('a story that fails', () => {
  test('shows the seed, the time, what happened last, and what it threw', async () => {
    const thrown = new Error('this is wrong');
    const { message, cause } = await failureOf(async (world) => {
      const { service } = await begin(world);
      await service.getToken('main');
      world.note('here it goes wrong');
      throw thrown;
    });
    expect(cause).toBe(thrown);
    expect(message).toMatch(/^this is wrong\n\nsimulate\(\) with seed 7, at 2025-01-01 00:00:0/);
    expect(message).toContain('service#1  token:obtained  billing/main  #1');
    expect(message).toContain('story  here it goes wrong');
  });

  test('for a promise of the engine names it, and stops there', async () => {
    let wentOn = false;
    const { message, cause } = await failureOf(async (world) => {
      const { billing, service } = await begin(world);
      billing.faults.next('obtain', forged);
      await service.getToken('main');
      await world.pass(1);
      wentOn = true;
    });
    expect(message).toContain('A promise of the engine does not hold: I8, at 2025-01-01 00:00:0');
    expect(message).toContain('billing/main was handed a token that no server issued');
    expect(message).toContain('seed 7');
    expect(cause).toBeUndefined();
    expect(wentOn).toBe(false);
  });

  test('collects violations where it is told to', async () => {
    const { violations } = await simulate({ onViolation: 'collect' }, async (world) => {
      const { billing, service } = await begin(world);
      billing.faults.next('obtain', forged);
      await service.getToken('main');
    });
    expect(violations).toEqual([expect.objectContaining({ invariant: 'I8' })]);
  });

  test('is told of an await it has forgotten', async () => {
    const { message } = await failureOf(async (world) => {
      void world.pass({ minutes: 20 });
    });
    expect(message).toContain('The story ended before pass({"minutes":20})');
  });

  test('is told that it waits for nothing of its world', async () => {
    const { message } = await failureOf(async (world) => {
      await begin(world, options);
      await new Promise(() => {});
    });
    expect(message).toContain('It awaits something that is not of its world');
  });

  test('is told that it waits for a process that is dead', async () => {
    const { message } = await failureOf(async (world) => {
      const { service } = await begin(world);
      service.diesAt('CP4');
      await service.getToken('main');
    });
    expect(message).toContain('"service#1 getToken main", and that process is dead');
  });

  test('is told that it waits for a process that is paused', async () => {
    const { message } = await failureOf(async (world) => {
      const { service } = await begin(world);
      service.pause();
      await service.getToken('main');
    });
    expect(message).toContain('Nobody has answered "service#1 getToken main" for an hour');
    expect(message).toContain('Its process is paused.');
  });

  test('is told that it takes longer than its limit', async () => {
    const { message } = await failureOf((world) => world.pass({ days: 2 }), {
      limit: { days: 1 },
    });
    expect(message).toContain('It waits for "pass({"days":2})" since 2025-01-01 00:00:00.000');
  });
});

describe('what is misspelt is refused, and does not pass for a story in which nothing went wrong:', () => {
  const told = (story: Parameters<typeof simulate<void>>[1]) => simulate({}, story);
  const serve = (world: Parameters<Parameters<typeof simulate>[1]>[0]) =>
    world.serve(
      'https://crm.test',
      (time) => new AuthRefreshAuthority({ time, accounts: [{ accountId: 'main', ...person }] }),
    );

  test.each<[string, (server: ReturnType<typeof serve>) => unknown, string]>([
    ['a fault', (crm) => crm.faults.always('any', 'reply lost' as never), 'reply swallowed'],
    ['a kind of request', (crm) => crm.faults.next('login' as never, 'reply cut'), 'obtain'],
    ['a status in place of a reply', (crm) => crm.faults.next('obtain', 500 as never), 'busy'],
    ['an account', (crm) => crm.authority.truth.killRefreshToken('mian'), 'main'],
  ])('%s', async (_what, misspell, cure) => {
    const story = told(async (world) => void misspell(serve(world)));
    await expect(story).rejects.toThrow(new RegExp(`There is no .*There are: .*${cure}`));
  });

  test('an option, the day without its zone, and a server that is there already', async () => {
    const play = (options: object) => simulate(options, async () => {});
    await expect(play({ startsAt: 1 })).rejects.toThrow(
      'There is no option of simulate() "startsAt"',
    );
    await expect(play({ onViolation: 'colect' })).rejects.toThrow('There are: throw, collect');
    await expect(play({ startAt: '2025-01-01T02:30:00' })).rejects.toThrow('Give it with its zone');
    const twice = told(async (world) => {
      serve(world);
      serve(world);
    });
    await expect(twice).rejects.toThrow('There is a server behind https://crm.test already');
  });

  test('a condition that is a promise, which is always true', async () => {
    const story = told((world) => world.until((async () => false) as never));
    await expect(story).rejects.toThrow('has to return true or false');
  });
});

describe('a server', () => {
  test('that is down is not reached, and has what it had when it is up', async () => {
    await simulate({}, async (world) => {
      const { billing, service } = await begin(world);
      const before = await service.getToken('main');
      await world.pass({ minutes: 59 });
      billing.down();
      expect(billing.isDown).toBe(true);
      await world.pass({ minutes: 5 });
      const refused = await service.getToken('main').catch((error: unknown) => error);
      expect(TokenError.is(refused, 'PROVIDER_UNAVAILABLE')).toBe(true);
      expect(billing.log.length).toBe(1);
      billing.up();
      await world.pass({ minutes: 5 });
      const after = await service.getToken('main');
      expect(after.generation).toBe(before.generation + 1);
      expect(billing.log.logins()).toHaveLength(1);
    });
  });

  test('meets faults of the network at the operation they are scripted for', async () => {
    await simulate({}, async (world) => {
      const { billing, service } = await begin(world);
      billing.faults.next('refresh', 'reply cut');
      await service.getToken('main');
      expect(billing.faults.pending).toBe(1);
      await world.pass({ hours: 1 });
      // The reply to the refresh was cut off: in doubt, and never sent again.
      await service.getToken('main');
      const asked = billing.log.entries.map(({ operation, outcome }) => `${operation} ${outcome}`);
      expect(asked).toEqual(['obtain issued', 'refresh issued', 'obtain issued']);
      expect(billing.log.replays()).toEqual([]);
    });
  });

  test('says what it is told to say, acts on nothing, and has it in its log', async () => {
    await simulate({}, async (world) => {
      const { billing, service } = await begin(world);
      const tooMany = textReply(429, 'slow down', 'text/plain', { 'retry-after': '600' });
      billing.faults.always('any', tooMany);
      const refused = await service.getToken('main').catch((error: unknown) => error as TokenError);
      const retryAt = (refused as TokenError).retryAt ?? 0;
      expect(retryAt - world.now.getTime()).toBeGreaterThan(595_000);
      expect(billing.log.entries).toEqual([
        expect.objectContaining({ operation: 'obtain', outcome: 'faulted', fault: 'status 429' }),
      ]);
      expect(billing.truth.family('main')).toBeUndefined();
      billing.faults.clear();
      await world.pass({ minutes: 10 });
      await service.getToken('main');
      expect(billing.log.last).toMatchObject({ operation: 'obtain', outcome: 'issued' });
    });
  });

  test('refuses faults that are for HTTP, where nothing would come of them', async () => {
    const { message } = await failureOf(async (world) => {
      const { billing, service } = await begin(world);
      billing.authority.faults.next('obtain', fault.dropAfterProcessing());
      await service.getToken('main');
    });
    expect(message).toContain('script the faults of what serve() returned');
  });

  test('needs an origin', async () => {
    const { cause } = await failureOf(async (world) => {
      world.serve(`${origin}/v1`, (time) => new AuthRefreshAuthority({ time }));
    });
    expect(cause).toBeInstanceOf(TypeError);
  });

  test('apart from its API is watched by the profile of who asks it for tokens', async () => {
    await simulate({}, async (world) => {
      const providers = [
        authRefresh({ id: 'billing', baseUrl: origin, apiOrigins: ['https://api.test'] }),
      ];
      const { service } = await begin(world, { providers });
      await service.getToken('main');
      expect(world.simulation.profileOf(origin)).toBe(providers[0]?.profile);
    });
  });
});

describe('a service', () => {
  test('starts again with what its store has', async () => {
    await simulate({}, async (world) => {
      const { billing, service } = await begin(world);
      const before = await service.getToken('main');
      service.kill();
      expect(service.isRunning).toBe(false);
      await service.start();
      expect(service.isRunning).toBe(true);
      expect((await service.getToken('main')).reveal()).toBe(before.reveal());
      expect(billing.log.length).toBe(1);
    });
  });

  test('stops in good order: a renewal that is under way becomes durable', async () => {
    await simulate({}, async (world) => {
      const { billing, service } = await begin(world);
      const asked = service.getToken('main').catch((error: unknown) => error);
      await world.until(() => billing.log.length > 0);
      await service.stop();
      expect(service.isRunning).toBe(false);
      await service.start();
      await service.getToken('main');
      expect(billing.log.length).toBe(1);
      void asked;
    });
  });

  test('that runs is not started twice, and one that does not is not asked', async () => {
    await simulate({}, async (world) => {
      const { service } = await begin(world);
      await expect(service.start()).rejects.toThrow('service is running already');
      service.kill();
      await expect(service.getToken('main')).rejects.toThrow('service does not run');
      await expect(service.fetch(origin)).rejects.toThrow('service does not run');
      expect(() => service.engine).toThrow('service does not run');
      expect(() => service.pause()).toThrow('service does not run');
    });
  });

  test('that cannot be configured fails as in production', async () => {
    const { cause } = await failureOf((world) =>
      world.start('service', { ...options, providers: [] }),
    );
    expect(TokenError.is(cause, 'CONFIGURATION_INVALID')).toBe(true);
  });

  test('dies where it is told to, once', async () => {
    await simulate({}, async (world) => {
      const { billing, service } = await begin(world);
      service.diesAt('CP3');
      void service.getToken('main');
      await world.until(() => !service.isRunning);
      expect(billing.log.length).toBe(0);
      await service.start();
      await service.getToken('main');
      expect(billing.log.logins()).toHaveLength(1);
    });
  });

  test('does nothing while it is paused, and goes on', async () => {
    await simulate({}, async (world) => {
      const { billing, service } = await begin(world);
      service.pause();
      let isServed = false;
      const asked = service.getToken('main').then(() => {
        isServed = true;
      });
      await world.pass({ minutes: 10 });
      expect({ isServed, requests: billing.log.length }).toEqual({ isServed: false, requests: 0 });
      service.resume();
      await asked;
      expect(billing.log.length).toBe(1);
    });
  });

  test('on a machine whose clock is set a year forward makes no request for it', async () => {
    await simulate({}, async (world) => {
      const { billing, service } = await begin(world, options);
      await service.getToken('main');
      service.host.stepWall(365 * 86_400_000);
      await world.pass({ minutes: 10 });
      await service.getToken('main');
      expect(billing.log.length).toBe(1);
    });
  });

  test('serves a token that lives while the store is down', async () => {
    await simulate({}, async (world) => {
      const { billing, service } = await begin(world);
      const before = await service.getToken('main');
      world.store.down();
      expect(world.store.isDown).toBe(true);
      await world.pass({ minutes: 10 });
      expect((await service.getToken('main')).reveal()).toBe(before.reveal());
      world.store.up();
      expect(billing.log.length).toBe(1);
    });
  });

  test('calls each so often, in the process that runs then', async () => {
    await simulate({}, async (world) => {
      const { billing, service } = await begin(world);
      const calls = service.every({ seconds: 10 }, (same: SimulatedService) =>
        same.getToken('main'),
      );
      await world.pass({ seconds: 35 });
      expect(calls).toMatchObject({ made: 4, succeeded: 4, failures: [] });
      service.kill();
      await world.pass({ minutes: 1 });
      expect(calls.made).toBe(4);
      await service.start();
      billing.down();
      await world.pass({ hours: 1 });
      expect(calls.failures.length).toBeGreaterThan(0);
      expect(calls.failures[0]).toEqual({
        at: expect.stringMatching(/^2025-01-01 01:0\d:\d\d\.\d{3}$/),
        code: 'GUARD_REFUSED',
        message: expect.stringContaining('billing/main'),
      });
      calls.stop();
      const { made } = calls;
      await world.pass({ minutes: 5 });
      expect(calls.made).toBe(made);
      expect(calls.succeeded + calls.failures.length).toBe(made);
    });
  });

  test('has calls of its own code among those that fail', async () => {
    await simulate({}, async (world) => {
      const { service } = await begin(world);
      const calls = service.every({ seconds: 10 }, () => {
        throw new RangeError('a mistake of its own');
      });
      await world.pass({ seconds: 5 });
      expect(calls.failures).toMatchObject([
        { code: 'RangeError', message: 'a mistake of its own' },
      ]);
    });
  });
});

describe('what a service may rightly do is no violation', () => {
  const rightly: readonly [
    string,
    (service: SimulatedService, billing: SimulatedServer<AuthRefreshAuthority>) => unknown,
  ][] = [
    ['renew', ({ engine }) => engine.renew('main')],
    ['rotate', ({ engine }) => engine.rotate('main').catch(() => {})],
    ['log in', ({ engine }) => engine.login('main')],
    ['ask for a long life', ({ engine }) => engine.getToken('main', { minValidityMs: 1_700_000 })],
    ['report a refusal', ({ engine }) => engine.reject('main', 1)],
    ['revoke, and log in', ({ engine }) => engine.revoke('main').then(() => engine.login('main'))],
    ['ask with little patience', ({ engine }) => engine.getToken('main', { waitMs: 1 })],
    ['end a session', ({ engine }) => engine.withSession('main', (same) => same.getToken())],
    [
      'bring tokens along',
      ({ engine }, { truth }) => {
        const { accessToken, refresh } = truth.tokens.login('main');
        const refreshToken = refresh?.token ?? '';
        return engine.accounts.import('main', { accessToken, refreshToken, lifetimeMs: 3_600_000 });
      },
    ],
    ['lose power', (service) => losePower(service)],
    ['sleep with its machine', ({ host }) => host.suspend()],
  ];

  test.each(rightly)('%s', async (_what, act) => {
    await simulate({}, async (world) => {
      const { billing, service } = await begin(world, options);
      await service.getToken('main');
      await world.pass({ minutes: 25 });
      await act(service, billing);
      await world.pass({ minutes: 10 });
      service.host.resume();
      await world.pass({ minutes: 30 });
      await service.getToken('main');
    });
  });
});

test('durations of its own are no violation either', async () => {
  const parameters = { advisoryMs: 50 * 60_000, mandatoryMs: 20 * 60_000, safetyMs: 120_000 };
  await simulate({}, async (world) => {
    const { service } = await begin(world, { ...options, parameters } as typeof options);
    const calls = service.every({ minutes: 1 }, () => service.getToken('main'));
    await world.pass({ hours: 3 });
    expect(calls.failures).toEqual([]);
  });
});

describe('code of the service', () => {
  test('fetches with a token, is refused, and fetches again with the next one', async () => {
    await simulate({}, async (world) => {
      const { billing, service } = await begin(world);
      const { fetch } = service;
      const api = authorizedFetch(service.engine, 'main', { baseUrl: origin, fetch });
      expect((await api('/v1/orders')).status).toBe(200);
      billing.truth.revokeAccess('main');
      const reply = await api('/v1/orders', { method: 'POST', body: '{"a":1}' });
      expect(await reply.json()).toEqual({ success: true, path: '/v1/orders' });
      const asked = billing.log.entries.map(({ operation, outcome }) => `${operation} ${outcome}`);
      expect(asked).toEqual([
        'obtain issued',
        'api served',
        'api token_rejected',
        'refresh issued',
        'api served',
      ]);
      expect(billing.log.last?.bodyBytes).toBe(7);
    });
  });

  test.each([
    ['down', 'ECONNREFUSED'],
    ['unknown', 'ENOTFOUND'],
    ['reset', 'ECONNRESET'],
  ])('fails to fetch as in Node from a server that is %s', async (state, code) => {
    await simulate({}, async (world) => {
      const { billing, service } = await begin(world);
      if (state === 'down') billing.down();
      if (state === 'reset') billing.faults.next('api', 'reply reset');
      const url = state === 'unknown' ? 'https://nobody.test/' : `${origin}/v1/orders`;
      const failed = await service.fetch(url).catch((error: unknown) => error);
      expect(failed).toBeInstanceOf(TypeError);
      expect(failed).toMatchObject({ message: 'fetch failed', cause: { code } });
    });
  });

  test('ends a fetch by its signal', async () => {
    await simulate({}, async (world) => {
      const { billing, service } = await begin(world);
      billing.faults.next('api', 'reply swallowed');
      const patience = new AbortController();
      const reply = service.fetch(`${origin}/v1/orders`, { signal: patience.signal });
      const failed = reply.catch((error: unknown) => error);
      await world.pass({ seconds: 2 });
      patience.abort(new Error('enough'));
      expect(await failed).toEqual(new Error('enough'));
    });
  });

  test('sleeps in the time of its machine', async () => {
    await simulate({}, async (world) => {
      const { service } = await begin(world);
      const before = world.now.getTime();
      await service.sleep({ minutes: 3 });
      expect(world.now.getTime() - before).toBe(180_000);
      // The bound on timers (I9) is the engine's.
      await service.sleep({ hours: 7 });
    });
  });

  test('a call that waits for something real is told of, and does not pass for one that goes on', async () => {
    const story = simulate({}, async (world) => {
      const { service } = await begin(world);
      service.every({ minutes: 10 }, () => new Promise(() => {}));
      await world.pass({ hours: 1 });
    });
    await expect(story).rejects.toThrow(
      /calls of every\(\) wait for something that is not simulated/,
    );
  });

  test('a wait that is no number is the mistake of the caller alone', async () => {
    await simulate({}, async (world) => {
      const { service } = await begin(world);
      await expect(service.getToken('main', { waitMs: Number.NaN })).rejects.toThrow(TypeError);
    });
  });

  test('stops where it is when its process is killed: nothing after it runs, not even finally', async () => {
    await simulate({}, async (world) => {
      const { service } = await begin(world);
      const done: string[] = [];
      const job = async (engine: TokenEngine) => {
        try {
          await service.sleep({ minutes: 1 });
          await engine.getToken('main');
          done.push('token');
        } catch {
          done.push('catch');
        } finally {
          done.push('finally');
        }
      };
      void job(service.engine);
      await world.pass({ seconds: 30 });
      service.kill();
      await world.pass({ minutes: 10 });
      expect(done).toEqual([]);
    });
  });

  test('hears nothing of a dead process, not even what it has in memory', async () => {
    await simulate({}, async (world) => {
      const { service } = await begin(world);
      await service.getToken('main');
      const { engine } = service;
      service.kill();
      const heard: string[] = [];
      void engine.getToken('main').then(() => heard.push('token'));
      await world.pass({ minutes: 10 });
      expect(heard).toEqual([]);
    });
  });

  const forgedCases: readonly [string, (engine: TokenEngine) => unknown][] = [
    ['getToken', (engine) => engine.getToken('main')],
    ['account().getToken', (engine) => engine.account('main').getToken()],
    ['withToken', (engine) => engine.withToken('main', () => 'used')],
    ['session().getToken', (engine) => engine.session('main').getToken()],
    ['withSession', (engine) => engine.withSession('main', (session) => session.getToken())],
    ['renew', (engine) => engine.renew('main')],
    ['login', (engine) => engine.login('main')],
  ];
  test.each(forgedCases)('is watched when it calls engine.%s', async (_name, call) => {
    const { violations } = await simulate({ onViolation: 'collect' }, async (world) => {
      const { billing, service } = await begin(world);
      billing.faults.next('obtain', forged);
      await call(service.engine);
    });
    expect(violations.map(({ invariant }) => invariant)).toContain('I8');
  });

  test('is watched when it peeks, and gets the same object as ever', async () => {
    const { violations } = await simulate({ onViolation: 'collect' }, async (world) => {
      const { service } = await begin(world);
      const token = await service.getToken('main');
      expect(service.engine.peek('main')).toBe(token);
      const twin = await world.start('twin', quiet);
      expect(twin.engine.peek('main')).toBeUndefined();
    });
    expect(violations).toEqual([]);
  });

  test('finds the second token of withToken judged as well', async () => {
    const { violations } = await simulate({ onViolation: 'collect' }, async (world) => {
      const { billing, service } = await begin(world);
      const twice: number[] = [];
      await service.getToken('main');
      billing.faults.next('refresh', forged);
      await service.engine.withToken(
        'main',
        (token) => {
          twice.push(token.generation);
        },
        { isRejection: () => twice.length === 1 },
      );
      expect(twice).toEqual([1, 2]);
    });
    expect(violations.map(({ invariant }) => invariant)).toContain('I8');
  });

  test('that calls the engine wrongly hears so, and the engine is not blamed', async () => {
    await simulate({}, async (world) => {
      const { service } = await begin(world);
      const wrong = service.getToken('main', { waitMs: -1 }).catch((error: unknown) => error);
      expect(await wrong).toBeInstanceOf(TypeError);
      const { engine } = service;
      const noUse = engine.withToken('main', undefined as never).catch((error: unknown) => error);
      expect(await noUse).toBeInstanceOf(TypeError);
      await world.pass({ minutes: 10 });
    });
  });

  test('may take its time with a token before it is refused', async () => {
    await simulate({}, async (world) => {
      const { service } = await begin(world);
      const twice: number[] = [];
      await service.engine.withToken(
        'main',
        async (token) => {
          twice.push(token.generation);
          await service.sleep({ minutes: 2 });
        },
        { isRejection: () => twice.length === 1 },
      );
      expect(twice).toEqual([1, 2]);
    });
  });

  test('adds an account in one process, and another one has it', async () => {
    await simulate({}, async (world) => {
      serveBilling(world);
      const bare = { ...quiet, accounts: [] };
      const one = await world.start('one', bare);
      const two = await world.start('two', bare);
      const [config] = accounts;
      if (config !== undefined) await one.engine.accounts.add(config, { shared: true });
      await world.pass({ seconds: 2 });
      const token = await two.getToken('main');
      expect(token.generation).toBe(1);
      expect(await two.engine.status('main')).toMatchObject({ state: 'live' });
    });
  });

  test('hears events', async () => {
    await simulate({}, async (world) => {
      const { service } = await begin(world);
      const heard: string[] = [];
      service.engine.on('token:obtained', ({ account }) => heard.push(account));
      void service.getToken('main');
      await world.until(() => heard.length > 0);
      expect(heard).toEqual(['billing/main']);
    });
  });
});
