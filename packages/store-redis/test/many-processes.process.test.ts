import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { onRedis, type RedisServer } from '@tokenkeep/servers';
import { Child } from '../../../test/processes/store-process.js';
import { describeOnRedis, privateRedis } from './private-redis.js';

describeOnRedis('many processes with one Redis', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tokenkeep-idle-'));
  const redis = privateRedis();
  let server: RedisServer;
  beforeAll(async () => {
    server = await redis.start();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('one that is idle outlives its server, prints nothing and ends by itself', async () => {
    const place = onRedis(server).newPlace(folder);
    const child = new Child('idle', { place });
    await child.answer();
    for (let round = 0; round < 3; round += 1) {
      await server.kill();
      await new Promise((resolve) => setTimeout(resolve, 300));
      await server.restart();
      await new Promise((resolve) => setTimeout(resolve, 20 * round));
    }
    child.go();
    expect(await child.answer()).toMatchObject({ found: { version: 1 } });
    await child.ended;
    expect([child.exitCode, child.complaints]).toEqual([0, '']);
  });
});
