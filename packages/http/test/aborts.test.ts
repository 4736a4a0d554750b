import { expect, test } from '@jest/globals';
import { authorizedFetch } from '@tokenkeep/http';
import { fault } from '@tokenkeep/testing';
import { ApiWorld, rejectionOf } from './api-world.js';

/** Holds back the replies of an operation until told otherwise. */
function holdBack(world: ApiWorld, operation: 'obtain' | 'refresh' | 'api') {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  world.api.onProcessed((entry) => (entry.operation === operation ? released : undefined));
  return { reached: world.api.nextRequest(operation), release };
}

test('a signal that has fired before the call sends nothing, and its reason is the rejection', async () => {
  await using world = await ApiWorld.begin();
  const reason = new Error('changed my mind');
  const signal = AbortSignal.abort(reason);
  const call = authorizedFetch(world.engine, 'ada')(`${world.api.url}/orders`, { signal });
  expect(await rejectionOf(call)).toBe(reason);
  expect(world.api.log.length).toBe(0);
});

test.each(['init', 'Request'] as const)(
  "the signal of %s ends its caller's wait for a token, and nobody else's",
  async (where) => {
    await using world = await ApiWorld.begin();
    const { api, engine } = world;
    const { reached, release } = holdBack(world, 'obtain');
    const ada = authorizedFetch(engine, 'ada');
    const leaver = new AbortController();
    const { signal } = leaver;
    const url = `${api.url}/orders`;
    const left = rejectionOf(
      where === 'init' ? ada(url, { signal }) : ada(new Request(url, { signal })),
    );
    const stays = ada(url);
    await reached;
    leaver.abort();
    expect(await left).toMatchObject({ name: 'AbortError' });
    release();
    expect((await stays).status).toBe(200);
    expect(api.count('obtain')).toBe(1);
    expect(api.count('api')).toBe(1);
  },
);

test('a signal that fires while the refused token is renewed leaves the renewal to the others', async () => {
  await using world = await ApiWorld.begin();
  const { api, engine } = world;
  await world.endToken();
  const { reached, release } = holdBack(world, 'refresh');
  const ada = authorizedFetch(engine, 'ada');
  const leaver = new AbortController();
  const reason = { not: 'even an error' };
  const left = rejectionOf(ada(`${api.url}/a`, { signal: leaver.signal }));
  const stays = ada(`${api.url}/b`);
  await reached;
  leaver.abort(reason);
  expect(await left).toBe(reason);
  release();
  expect((await stays).status).toBe(200);
  expect(api.count('refresh')).toBe(1);
  expect(api.log.where({ path: '/a' })).toHaveLength(1);
});

test('a signal that fires on the way ends the request as fetch does', async () => {
  await using world = await ApiWorld.begin();
  const { api, engine } = world;
  await engine.getToken('ada');
  api.faults.next('api', fault.hang());
  const signal = AbortSignal.timeout(20);
  const error = await rejectionOf(authorizedFetch(engine, 'ada')(`${api.url}/a`, { signal }));
  expect(error).toMatchObject({ name: 'TimeoutError' });
  expect(error).toBe(signal.reason);
});

test('a signal that fires after the head ends the reading of the body', async () => {
  await using world = await ApiWorld.begin();
  const { api, engine } = world;
  api.faults.next('api', fault.stallAfterHeaders());
  const leaver = new AbortController();
  const { signal } = leaver;
  const reply = await authorizedFetch(engine, 'ada')(`${api.url}/a`, { signal });
  const text = rejectionOf(reply.text());
  leaver.abort();
  expect(await text).toMatchObject({ name: 'AbortError' });
});

test('a fetch that heeds no signal, and a body that never ends, do not keep the caller', async () => {
  await using world = await ApiWorld.begin();
  const { api, engine } = world;
  const deaf = authorizedFetch(engine, 'ada', { fetch: () => new Promise<Response>(() => {}) });
  const endless = new Request(`${api.url}/a`, {
    method: 'POST',
    body: new ReadableStream(),
    duplex: 'half',
  });
  const leaver = new AbortController();
  const { signal } = leaver;
  const calls = [deaf(`${api.url}/a`, { signal }), deaf(endless, { signal })].map(rejectionOf);
  leaver.abort();
  for (const error of await Promise.all(calls)) expect(error).toBe(signal.reason);
});

test('init.signal takes the place of that of the Request, and null takes it away', async () => {
  await using world = await ApiWorld.begin();
  const { api, engine } = world;
  const request = () => new Request(`${api.url}/a`, { signal: AbortSignal.abort() });
  const ada = authorizedFetch(engine, 'ada');
  expect((await ada(request(), { signal: null })).status).toBe(200);
  expect((await ada(request(), { signal: new AbortController().signal })).status).toBe(200);
  await expect(ada(request())).rejects.toMatchObject({ name: 'AbortError' });
});

test('waitMs ends the wait for a token', async () => {
  await using world = await ApiWorld.begin();
  const { release } = holdBack(world, 'obtain');
  const impatient = authorizedFetch(world.engine, 'ada', { waitMs: 1 });
  const error = await rejectionOf(impatient(`${world.api.url}/a`));
  expect(error).toMatchObject({ code: 'WAIT_TIMED_OUT', retryable: true });
  release();
  expect(world.api.count('api')).toBe(0);
});

test('nothing of ours listens to a signal when the call has ended', async () => {
  await using world = await ApiWorld.begin();
  const { api, engine } = world;
  const { signal } = new AbortController();
  const ours = new Set<unknown>();
  const [add, remove] = [signal.addEventListener, signal.removeEventListener];
  signal.addEventListener = (...given: Parameters<typeof add>) => {
    const [, listener, options] = given;
    const until = typeof options === 'object' ? options.signal : undefined;
    ours.add(listener);
    until?.addEventListener('abort', () => ours.delete(listener));
    add.apply(signal, given);
  };
  signal.removeEventListener = (...given: Parameters<typeof remove>) => {
    ours.delete(given[1]);
    remove.apply(signal, given);
  };
  // What fetch itself does with a signal is its own.
  const reply = { status: 200, headers: new Headers(), clone: () => reply } as unknown as Response;
  const ada = authorizedFetch(engine, 'ada', { fetch: async () => reply });
  for (let time = 0; time < 5; time += 1) await ada(`${api.url}/a`, { signal });
  expect(ours.size).toBe(0);
});
