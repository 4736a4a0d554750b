import { describe, expect, test } from '@jest/globals';
import { fault } from '@tokenkeep/testing';
import { failureOf } from './failure-of.js';
import { oauth20World, shopClient, World } from './world.js';

const DAY = 86_400_000;
const provider = { resource: 'session' } as const;

describe('F31 a scope narrower than asked', () => {
  test('F31 is kept and told, and served only to callers it is enough for', async () => {
    await using world = new World();
    const { server, ...setup } = await oauth20World(world, {
      provider,
      account: { scope: 'orders:write orders:read' },
    });
    const engine = await world.engine(setup);
    server.faults.next('obtain', narrowed('orders:read'));
    const error = await failureOf(world.run(engine.getToken('shop')));
    expect(error).toMatchObject({ code: 'INSUFFICIENT_SCOPE', reason: 'scope_reduced' });
    expect(error.message).toContain('getToken(key, { scope })');
    const token = await world.run(engine.getToken('shop', { scope: 'orders:read' }));
    expect(server.truth.accepts(token.reveal())).toBe(true);
    expect(token.scope).toBe('orders:read');
    await failureOf(world.run(engine.getToken('shop', { scope: 'orders:read orders:write' })));
    await failureOf(world.run(engine.withToken('shop', () => 'never')));
    expect(world.seen('anomaly:detected')).toMatchObject([{ kind: 'scope_reduced' }]);
    // Asking again would bring the same: one request, whoever asks.
    expect(server.log.count()).toBe(1);
  });

  test('F31 is known to a process that only reads the store', async () => {
    await using world = new World();
    const { server, ...setup } = await oauth20World(world, { provider, account: { scope: 'a b' } });
    const [first, second] = [await world.engine(setup), await world.engine(setup)];
    server.faults.next('obtain', narrowed('a'));
    await failureOf(world.run(first.getToken('shop')));
    expect(await failureOf(world.run(second.getToken('shop')))).toMatchObject({
      code: 'INSUFFICIENT_SCOPE',
    });
    expect((await world.run(second.getToken('shop', { scope: 'a' }))).scope).toBe('a');
    expect(server.log.count()).toBe(1);
  });

  test('F31 a grant that is widened later is served to everybody again', async () => {
    await using world = new World();
    const { server, ...setup } = await oauth20World(world, { provider, account: { scope: 'a b' } });
    const engine = await world.engine(setup);
    server.faults.next('obtain', narrowed('a'), narrowed('b a'));
    await failureOf(world.run(engine.getToken('shop')));
    await world.clock.advance(DAY);
    expect((await world.run(engine.getToken('shop'))).scope).toBe('b a');
  });

  test('F31 the scope of an account is what the server is asked for', async () => {
    await using world = new World();
    const { server, ...setup } = await oauth20World(world, {
      provider,
      account: { scope: 'orders:read', credentials: shopClient },
    });
    const asked: (string | null)[] = [];
    const form = (body: Buffer) => new URLSearchParams(body.toString('utf8'));
    server.faults.when(
      'obtain',
      ({ body }) => asked.push(form(body).get('scope')) < 0,
      fault.normal(),
    );
    await world.run((await world.engine(setup)).getToken('shop'));
    expect(asked).toEqual(['orders:read']);
  });

  function narrowed(scope: string) {
    return fault.mutate((body) => ({ ...body, scope }));
  }
});
