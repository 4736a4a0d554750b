import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { PROVIDER_CONTRACT, Secret, type TokenProvider } from '@tokenkeep/core';
import { authRefresh } from '@tokenkeep/provider-auth-refresh';
import { type CutFraming, type Fault, fault } from '@tokenkeep/testing';
import { failureOf } from './failure-of.js';
import { authRefreshWorld, World } from './world.js';

const HOUR = 3_600_000;
const framings: CutFraming[] = ['close', 'content-length', 'short-length', 'chunked'];

/** Logs in, meets the fault on the way of the refresh, and goes on past the deadline. */
async function refreshThrough(world: World, met: Fault) {
  const { server, ...setup } = await authRefreshWorld(world);
  const engine = await world.engine(setup);
  await world.run(engine.getToken('crm'));
  server.faults.next('refresh', met);
  await world.clock.advance(0.97 * HOUR);
  await world.run(engine.getToken('crm'));
  await world.clock.advance(1_000);
  const { state } = await world.run(engine.status('crm'));
  const [failed] = world.seen('renewal:failed');
  await world.clock.advance(HOUR);
  const token = await world.run(engine.getToken('crm'));
  return { server, state, failed, token };
}

describe('F22 a reply that is cut', () => {
  test.each(framings)(
    'F22 JSON framed by %s is an error, and the rotation in doubt',
    async (how) => {
      await using world = new World();
      const { server, state, failed, token } = await refreshThrough(
        world,
        fault.truncate(120, how),
      );
      expect(failed).toMatchObject({ error: { code: 'PROVIDER_PROTOCOL', retryable: true } });
      expect(state).toBe('in_doubt');
      // Nothing of the cut reply was kept: the token in use is a whole one.
      expect(server.truth.accepts(token.reveal())).toBe(true);
      expect(server.log.requestsPerGeneration()).toEqual(new Map([['crm#1', 1]]));
      expect(server.log.count({ operation: 'obtain' })).toBe(2);
    },
  );

  test('F22 a form that ends with the connection is never taken for a whole one', async () => {
    await using world = new World();
    const { server, accounts } = await authRefreshWorld(world);
    const engine = await world.engine({ providers: [formSpeaking(server.url)], accounts });
    const body = 'access_token=AAAABBBBCCCC&refresh_token=RRRRSSSSTTTT';
    const form = (headers: Record<string, string>, bytes: number): Fault => ({
      name: 'form',
      processes: true,
      async deliver(exchange) {
        exchange.writeHead(200, { ...headers, connection: 'close' });
        exchange.write(body.slice(0, bytes));
        exchange.finish();
      },
    });
    server.faults.always('obtain', form({}, body.length - 4));
    const error = await failureOf(world.run(engine.getToken('crm')));
    expect(error).toMatchObject({ code: 'PROVIDER_PROTOCOL', reason: 'truncated' });
    expect(world.seen('token:obtained')).toEqual([]);
    await world.clock.advance(60_000);
    server.faults.always('obtain', form({ 'content-length': String(body.length) }, body.length));
    const token = await world.run(engine.getToken('crm'));
    expect(token.reveal()).toBe('AAAABBBBCCCC');
  });

  /** A plug-in for a server that replies with a form. */
  function formSpeaking(baseUrl: string): TokenProvider {
    const base = authRefresh({ id: 'crm-api', baseUrl }) as TokenProvider;
    return {
      ...base,
      contract: PROVIDER_CONTRACT,
      async obtain(_credentials, call) {
        const password = new Secret('pw');
        const reply = await call.send({
          method: 'POST',
          url: `${baseUrl}/auth/login`,
          form: { password },
        });
        const form = new URLSearchParams(reply.text());
        return { accessToken: form.get('access_token'), lifetimeMs: HOUR };
      },
    };
  }
});

describe('F23 a reply that is too large', () => {
  const mebibyte = 1024 * 1024;
  const many = gzipSync(Buffer.alloc(32 * mebibyte, ' '), { level: 9 });

  test.each<readonly [string, () => Fault, string]>([
    ['a gzip bomb', () => fault.compressionBomb(256 * mebibyte, 'gzip'), 'oversized'],
    ['a brotli bomb', () => fault.compressionBomb(32 * mebibyte, 'br'), 'oversized'],
    ['a bomb small enough to be read', () => packed(many), 'oversized'],
    ['six encodings', () => fault.manyEncodings(6), 'encoding'],
    ['two encodings', () => fault.manyEncodings(2), 'encoding'],
    ['an encoding nobody knows', () => packed(Buffer.from('x'), 'zstd'), 'encoding'],
    ['a gzip that is none', () => packed(Buffer.from('{"token":1}')), 'encoding'],
  ])('F23 %s is an error, and the rotation in doubt', async (_, met, reason) => {
    await using world = new World();
    const { server, state, failed, token } = await refreshThrough(world, fault.processed(met()));
    expect(failed).toMatchObject({ error: { code: 'PROVIDER_PROTOCOL', retryable: true, reason } });
    expect(state).toBe('in_doubt');
    expect(server.truth.accepts(token.reveal())).toBe(true);
    expect(server.log.requestsPerGeneration()).toEqual(new Map([['crm#1', 1]]));
  });

  test('F23 a reply that is compressed though we asked for plain text is read', async () => {
    await using world = new World();
    const { server, token, failed } = await refreshThrough(world, fault.manyEncodings(1));
    expect(failed).toBeUndefined();
    expect(server.truth.accepts(token.reveal())).toBe(true);
    expect(server.log.count({ operation: 'obtain' })).toBe(1);
  });

  test('F23 of a body of 1 GiB not more is read than the sockets hold', async () => {
    await using world = new World();
    const huge = fault.hugeBody(1024 * mebibyte);
    let written = Number.POSITIVE_INFINITY;
    const counted: Fault = {
      ...huge,
      async deliver(exchange) {
        await huge.deliver(exchange);
        written = exchange.socket.bytesWritten;
      },
    };
    const { state, failed } = await refreshThrough(world, counted);
    expect(failed).toMatchObject({ error: { code: 'PROVIDER_PROTOCOL', reason: 'oversized' } });
    expect(state).toBe('in_doubt');
    expect(written).toBeLessThan(16 * mebibyte);
  });

  function packed(body: Buffer, encoding = 'gzip'): Fault {
    return fault.status(200, { headers: { 'content-encoding': encoding }, body });
  }
});
