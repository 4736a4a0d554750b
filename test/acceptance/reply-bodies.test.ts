import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { type Fault, fault } from '@tokenkeep/testing';
import { failureOf } from './failure-of.js';
import { authRefreshWorld, World } from './world.js';

const HOUR = 3_600_000;

/** Replies with HTTP 200 that hold no tokens, by the row of each. */
const useless: readonly (readonly [row: string, what: string, reply: () => Fault])[] = [
  ['F18', 'a login page of 2 KB', () => fault.html(2_048)],
  ['F18', 'a login page of 5 MB', () => fault.html(5_000_000)],
  ['F19', 'no body', () => fault.empty(200)],
  ['F19', 'no content', () => fault.empty(204)],
  ['F19', 'only white space', () => fault.rawBody(' \r\n\t ')],
  ['F20', 'null', () => fault.rawBody('null')],
  ['F20', 'an array', () => fault.rawBody('[]')],
  ['F20', 'a number', () => fault.rawBody('7')],
  ['F20', 'a string', () => fault.rawBody('"x"')],
  ['F24', 'an object 5,000 levels deep', () => fault.rawBody('{"a":'.repeat(5_000))],
  ['F24', 'an array 200,000 levels deep', () => fault.rawBody('['.repeat(200_000))],
  ['F24', 'a million members', () => fault.rawBody(`{${manyMembers(1e6)}}`)],
];

function manyMembers(count: number): string {
  return Array.from({ length: count }, (_, index) => `"m${index}":0`).join(',');
}

describe('F18 F19 F20 a reply to a login that is no token reply', () => {
  test.each(useless)('%s %s is a typed error, and the next login works', async (_row, _, reply) => {
    await using world = new World();
    const { server, ...setup } = await authRefreshWorld(world);
    const engine = await world.engine(setup);
    server.faults.always('obtain', reply());
    const error = await failureOf(world.run(engine.getToken('crm')));
    expect(error).toMatchObject({
      code: 'PROVIDER_PROTOCOL',
      retryable: true,
      account: 'crm-api/crm',
    });
    expect(['not_json', 'oversized']).toContain(error.reason);
    expect(inspect(error, { showHidden: true, depth: null })).not.toContain('sign in');
    // At most three tries for one caller, and none of them condemns the credentials.
    expect(server.log.count({ operation: 'obtain' })).toBeLessThanOrEqual(3);
    server.faults.clear();
    await world.clock.advance(60_000);
    const token = await world.run(engine.getToken('crm'));
    expect(server.truth.accepts(token.reveal())).toBe(true);
  });
});

describe('a reply to a refresh that is no token reply', () => {
  test.each(useless)('%s %s leaves the rotation in doubt and the token in use', async (...row) => {
    const [, , reply] = row;
    await using world = new World();
    const { server, ...setup } = await authRefreshWorld(world);
    const engine = await world.engine(setup);
    const first = await world.run(engine.getToken('crm'));
    server.faults.next('refresh', fault.processed(reply()));
    // In the window before the deadline: callers go on with what they have.
    await world.clock.advance(0.97 * HOUR);
    const second = await world.run(engine.getToken('crm'));
    expect(second.reveal()).toBe(first.reveal());
    await world.clock.advance(1_000);
    expect((await world.run(engine.status('crm'))).state).toBe('in_doubt');
    expect(server.log.count({ operation: 'obtain' })).toBe(1);
    await world.clock.advance(HOUR);
    const third = await world.run(engine.getToken('crm'));
    expect(server.truth.accepts(third.reveal())).toBe(true);
    expect([...server.log.requestsPerGeneration().values()]).toEqual([1]);
    expect(server.log.count({ operation: 'obtain' })).toBe(2);
    expect(server.log.replays()).toEqual([]);
  });
});

describe('F21 what a reply lacks or adds', () => {
  test.each([
    ['is missing', ({ token: _, ...rest }: Record<string, unknown>) => rest],
    ['is empty', (body: Record<string, unknown>) => ({ ...body, token: '' })],
    ['is null', (body: Record<string, unknown>) => ({ ...body, token: null })],
    ['is an object', (body: Record<string, unknown>) => ({ ...body, token: { token: 'x' } })],
    ['has its name in the wrong case', withTokenCalled('Token')],
    ['has a line break in it', (body: Record<string, unknown>) => ({ ...body, token: 'a\r\nb' })],
  ])('F21 an access token that %s is an error, and the rotated one is kept', async (_, change) => {
    await using world = new World();
    const { server, ...setup } = await authRefreshWorld(world);
    const engine = await world.engine(setup);
    await world.run(engine.getToken('crm'));
    server.faults.next('refresh', fault.mutate(change));
    await world.clock.advance(0.97 * HOUR);
    await world.run(engine.getToken('crm'));
    await world.clock.advance(1_000);
    expect(world.seen('anomaly:detected')).toMatchObject([{ kind: 'refresh_token_only' }]);
    expect(world.seen('renewal:in_doubt')).toEqual([]);
    await world.clock.advance(HOUR);
    const token = await world.run(engine.getToken('crm'));
    expect(server.truth.accepts(token.reveal())).toBe(true);
    // The pair of the mangled reply was refreshed with its own refresh token: no second login.
    expect(server.log.count({ operation: 'obtain' })).toBe(1);
    expect(Object.fromEntries(server.log.requestsPerGeneration())).toMatchObject({
      'crm#1': 1,
      'crm#2': 1,
    });
    expect(server.log.replays()).toEqual([]);
  });

  function withTokenCalled(name: string) {
    return ({ token, ...rest }: Record<string, unknown>) => ({ ...rest, [name]: token });
  }

  test('F21 members nobody knows change nothing', async () => {
    await using world = new World();
    const { server, ...setup } = await authRefreshWorld(world);
    const engine = await world.engine(setup);
    const more = { TOKEN: 'x', expires_in: 'never', constructor: 1, nested: { token: 'y' } };
    server.faults.next(
      'obtain',
      fault.mutate((body) => ({ ...more, ...body, ...more })),
    );
    const token = await world.run(engine.getToken('crm'));
    expect(server.truth.accepts(token.reveal())).toBe(true);
    expect(token.expiresAt - world.clock.now()).toBe(HOUR - 1_000);
  });
});

describe('F24 names with a meaning of their own', () => {
  test('F24 a member named twice is an error: nobody knows which token lives', async () => {
    await using world = new World();
    const { server, ...setup } = await authRefreshWorld(world);
    const engine = await world.engine(setup);
    await world.run(engine.getToken('crm'));
    server.faults.next('refresh', fault.duplicateKeys('refreshToken'));
    await world.clock.advance(0.97 * HOUR);
    await world.run(engine.getToken('crm'));
    await world.clock.advance(1_000);
    expect(world.seen('renewal:failed')).toMatchObject([
      { error: { code: 'PROVIDER_PROTOCOL', reason: 'not_json' } },
    ]);
    expect(world.seen('renewal:in_doubt')).toHaveLength(1);
    await world.clock.advance(HOUR);
    await world.run(engine.getToken('crm'));
    expect(server.log.requestsPerGeneration()).toEqual(new Map([['crm#1', 1]]));
  });

  test('F24 __proto__ and constructor are members like any other', async () => {
    await using world = new World();
    const { server, ...setup } = await authRefreshWorld(world);
    const engine = await world.engine(setup);
    const evil = '"__proto__":{"polluted":1,"token":"evil"},"constructor":{"prototype":{"p":1}},';
    server.faults.next(
      'obtain',
      fault.mutateText((text) => text.replace('{', `{${evil}`)),
    );
    const token = await world.run(engine.getToken('crm'));
    expect(server.truth.accepts(token.reveal())).toBe(true);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(({} as Record<string, unknown>).p).toBeUndefined();
  });
});
