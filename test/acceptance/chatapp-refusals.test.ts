import { expect, test } from '@jest/globals';
import { type AccessToken, memoryStore, type TokenStore } from '@tokenkeep/core';
import { fault } from '@tokenkeep/testing';
import { apiCall } from './api-call.js';
import { chatAppWorld, World } from './world.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const permission = { success: false, error: { code: 'ApiForbiddenError', message: 'No rights' } };
const invalid = { success: false, error: { code: 'ApiInvalidTokenError', message: 'Invalid' } };

test.each([200, 401, 403] as const)(
  'ChatApp: a refusal by error.code at HTTP %i is renewed, saved, and repeated once, in that order',
  async (refusalStatus) => {
    const writes: { generation: number; requests: number }[] = [];
    let requests = () => 0;
    await using world = new World((clock) =>
      savesOf(memoryStore(clock), (generation) =>
        writes.push({ generation, requests: requests() }),
      ),
    );
    const { server, ...setup } = await chatAppWorld(world, { authority: { refusalStatus } });
    requests = () => server.log.count({ operation: 'api' });
    const engine = await world.engine(setup);
    const old = await world.run(engine.getToken('crm'));
    await world.clock.advance(HOUR);
    server.truth.revokeAccess('crm');

    const reply = await world.run(engine.withToken('crm', apiCall(world, server)));

    expect(await reply.json()).toMatchObject({ success: true });
    expect(server.log.entries.map(({ operation, outcome }) => `${operation} ${outcome}`)).toEqual([
      'obtain issued',
      'api token_rejected',
      'refresh issued',
      'api served',
    ]);
    // When the new pair was saved, the call had been sent once: the repeat came after it.
    const saved = writes.find(({ generation }) => generation === old.generation + 1);
    expect(saved).toEqual({ generation: old.generation + 1, requests: 1 });
  },
);

test('ChatApp: a second refusal is given to the caller as it came, and nothing more is asked for', async () => {
  await using world = new World();
  const { server, ...setup } = await chatAppWorld(world);
  const engine = await world.engine(setup);
  await world.run(engine.getToken('crm'));
  await world.clock.advance(HOUR);
  server.faults.always('api', fault.json(invalid, 403));

  const reply = await world.run(engine.withToken('crm', apiCall(world, server)));

  expect(reply.status).toBe(403);
  expect(await reply.json()).toEqual(invalid);
  expect(server.log.count({ operation: 'api' })).toBe(2);
  expect(server.log.count({ operation: 'refresh' })).toBe(1);

  await expect(world.run(engine.withToken('crm', apiCall(world, server)))).rejects.toMatchObject({
    code: 'TOKEN_REFUSED',
    retryAt: expect.any(Number),
  });
  expect(server.log.count({ operation: 'refresh' })).toBe(1);
  expect(server.log.count({ operation: 'obtain' })).toBe(1);
});

test.each([200, 401, 403])(
  'ChatApp: a permission error at HTTP %i is not taken for a refusal of the token',
  async (status) => {
    await using world = new World();
    const { server, ...setup } = await chatAppWorld(world);
    const engine = await world.engine(setup);
    await world.run(engine.getToken('crm'));
    await world.clock.advance(HOUR);
    server.faults.always('api', fault.json(permission, status));
    for (let call = 0; call < 5; call += 1) {
      const reply = await world.run(engine.withToken('crm', apiCall(world, server)));
      expect(reply.status).toBe(status);
      // The body is still there to be read.
      expect(await reply.json()).toEqual(permission);
    }
    expect(server.log.count({ operation: 'api' })).toBe(5);
    expect(server.log.count({ operation: 'refresh' })).toBe(0);
    expect(world.seen('token:refused')).toHaveLength(0);
  },
);

test('ChatApp: a refusal that an HTTP client throws as an error is recognised as well', async () => {
  await using world = new World();
  const { server, ...setup } = await chatAppWorld(world);
  const engine = await world.engine(setup);
  await world.run(engine.getToken('crm'));
  await world.clock.advance(HOUR);
  server.truth.revokeAccess('crm');
  const call = apiCall(world, server);
  const likeAxios = async (token: AccessToken) => {
    const reply = await call(token);
    const data: unknown = await reply.json();
    if (reply.ok) return data;
    throw Object.assign(new Error(`status ${reply.status}`), {
      response: { status: reply.status, headers: {}, data },
    });
  };
  const data = await world.run(engine.withToken('crm', likeAxios));
  expect(data).toMatchObject({ success: true });
  expect(server.log.count({ operation: 'refresh' })).toBe(1);
});

test('an error of the caller that is no refusal passes through, and its call is made once', async () => {
  await using world = new World();
  const { server, ...setup } = await chatAppWorld(world);
  const engine = await world.engine(setup);
  const failure = new Error('no such order');
  let calls = 0;
  const work = engine.withToken('crm', async () => {
    calls += 1;
    throw failure;
  });
  await expect(world.run(work)).rejects.toBe(failure);
  expect(calls).toBe(1);
  expect(server.log.count()).toBe(1);
});

/** Says when a token set of a generation has become durable. */
function savesOf(store: TokenStore, saved: (generation: number) => void): TokenStore {
  const write: TokenStore['write'] = async (changes) => {
    const result = await store.write(changes);
    for (const { kind, body } of changes) {
      if (kind === 'account' && result.written) saved(JSON.parse(body).generation);
    }
    return result;
  };
  return new Proxy(store, {
    get: (target, name) => {
      if (name === 'write') return write;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}
