import { Writable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { type EventName, eventNames } from '@tokenkeep/core';
import { fault } from '@tokenkeep/testing';
import { pino } from 'pino';
import { scenarios } from './event-scenarios.js';
import { authRefreshWorld, oauth20World, World } from './world.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

interface Line {
  readonly event: EventName;
  readonly msg: string;
  readonly level: number;
  readonly [fact: string]: unknown;
}

/** A real pino logger, and its lines as an operator's tools read them. */
function pinoLines() {
  const lines: Line[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString('utf8')));
      done();
    },
  });
  return { lines, logger: pino({ level: 'trace' }, stream) };
}

test.each(eventNames)('%s is told by event and by a line of the log', async (name) => {
  await using world = new World();
  const { lines, logger } = pinoLines();
  await scenarios[name](world, logger);
  const [line] = lines.filter(({ event }) => event === name);
  expect(line).toMatchObject({ event: name, msg: name, at: expect.any(Number) });
});

test('each transition of an account is one line, in order, and a login of a fresh account is two', async () => {
  await using world = new World();
  const { lines, logger } = pinoLines();
  const { server, ...setup } = await authRefreshWorld(world);
  const engine = await world.engine({ ...setup, logger });
  await world.run(engine.getToken('crm'));
  for (let call = 0; call < 100; call += 1) await world.run(engine.getToken('crm'));
  await world.clock.advance(HOUR);
  await world.run(engine.getToken('crm'));
  await world.clock.advance(10 * MINUTE);
  server.truth.revokeAccess('crm');
  engine.reject('crm', 2);
  engine.reject('crm', 2);
  await world.clock.advance(1_000);

  expect(lines.filter(({ account }) => account !== undefined).map(({ event }) => event)).toEqual([
    'renewal:started',
    'token:obtained',
    'renewal:started',
    'token:renewed',
    'token:refused',
    'renewal:started',
    'token:renewed',
  ]);
  expect(lines.filter(({ event }) => event === 'token:renewed')[0]).toMatchObject({
    level: 30,
    account: 'crm-api/crm',
    provider: 'crm-api',
    generation: 2,
    attemptId: expect.any(String),
  });
});

test('a failure is one line with its code and its words, and no stack', async () => {
  await using world = new World();
  const { lines, logger } = pinoLines();
  const { server, ...setup } = await authRefreshWorld(world);
  server.faults.next('obtain', fault.unprocessed(fault.status(503)));
  const engine = await world.engine({ ...setup, logger });
  await world.run(engine.getToken('crm', { waitMs: 100 })).catch(() => {});
  const [failed] = lines.filter(({ event }) => event === 'renewal:failed');
  expect(failed).toMatchObject({ level: 40, code: 'PROVIDER_UNAVAILABLE' });
  expect(failed?.error).toMatch(/HTTP 503/);
  expect(JSON.stringify(failed)).not.toContain('.ts:');
});

test('a listener that throws, or is async and rejects, harms nobody and is told on', async () => {
  await using world = new World();
  const { server, ...setup } = await oauth20World(world);
  const engine = await world.engine(setup);
  for (const name of eventNames) {
    engine.on(name, () => {
      throw new RangeError('a bug of the host');
    });
    // Jest fails a test during which a promise is rejected and nobody handles it.
    engine.on(name, async () => {
      throw new RangeError('an asynchronous bug of the host');
    });
  }
  const heard: string[] = [];
  engine.on('token:obtained', () => heard.push('after the one that throws'));

  await world.run(engine.getToken('shop'));
  await world.clock.advance(10 * MINUTE);
  await world.run(engine.rotate('shop'));
  await world.run(engine.revoke('shop'));

  expect(server.log.count({ operation: 'revoke', outcome: 'revoked' })).toBe(1);
  expect(heard).toHaveLength(2);
  const warnings = world.seen('engine:warning').map(({ warning }) => warning);
  expect(warnings).toContain('listener_threw');
});

test('a logger that throws harms nobody', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  const broken = () => {
    throw new Error('the disk is full');
  };
  const logger = { debug: broken, info: broken, warn: broken, error: broken };
  const engine = await world.engine({ ...setup, logger });
  const token = await world.run(engine.getToken('crm'));
  expect(server.truth.accepts(token.reveal())).toBe(true);
});

test('a listener that was taken off hears nothing more', async () => {
  await using world = new World();
  const { server: _server, ...setup } = await authRefreshWorld(world);
  const engine = await world.engine(setup);
  const heard: number[] = [];
  {
    using _listening = engine.on('token:obtained', ({ generation }) => heard.push(generation));
    await world.run(engine.getToken('crm'));
  }
  await world.clock.advance(MINUTE);
  await world.run(engine.login('crm'));
  expect(heard).toEqual([1]);
});
