import { expect, test } from '@jest/globals';
import { fault, RecordingServer } from '@tokenkeep/testing';
import { failureOf } from './failure-of.js';
import { chatAppWorld, oauth20World, World } from './world.js';

const day = 86_400_000;

test.each([301, 302, 303, 307, 308])(
  'F34 S05 S07 a %d is not followed, wherever it points',
  async (code) => {
    await using world = new World();
    const elsewhere = await world.serve(new RecordingServer({ clock: world.clock }));
    const { server, ...setup } = await oauth20World(world, { provider: { readAfterGrant: false } });
    const engine = await world.engine(setup);
    const targets = [
      `${elsewhere.url}/x`,
      `${server.url}/api/x`,
      '/api/x',
      'http://127.0.0.1:1/',
      'data:,x',
    ];
    for (const [index, target] of targets.entries()) {
      server.faults.always('any', fault.redirect(code, target));
      const error = await failureOf(world.run(engine.getToken('shop')));
      expect(error).toMatchObject({ code: 'PROVIDER_PROTOCOL', reason: 'redirect_refused' });
      expect(error.message).not.toContain(target);
      await world.clock.advance(day * (index + 1));
    }
    expect(elsewhere.connections).toBe(0);
    expect(server.log.count({ operation: 'api' })).toBe(0);
  },
);

test.each([301, 302, 303, 307, 308])(
  'F34 a %d to a refresh was not processed: nothing is in doubt, and the refresh is made again',
  async (code) => {
    await using world = new World();
    const { server, ...setup } = await chatAppWorld(world);
    const engine = await world.engine(setup);
    await world.run(engine.getToken('crm'));
    await world.clock.advance(day);
    const redirects = Array.from({ length: 4 }, () => fault.redirect(code, '/v1/elsewhere'));
    server.faults.next('refresh', ...redirects);
    for (let passed = 0; passed < 120; passed += 1) {
      engine.getToken('crm').catch(() => {});
      await world.clock.advance(1_000);
    }
    expect(world.seen('renewal:in_doubt')).toEqual([]);
    expect(server.log.requestsPerGeneration().get('crm#1')).toBe(5);
    expect(server.log.logins()).toHaveLength(1);
    expect(server.log.count({ operation: 'api' })).toBe(0);
  },
);
