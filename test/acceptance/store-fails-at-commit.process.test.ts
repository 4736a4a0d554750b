import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type TokenEngine, TokenError } from '@tokenkeep/core';
import { storeKinds } from '@tokenkeep/servers';
import { describeStores } from '../describe-stores.js';
import { type FailingStore, failureNames, startFailing } from './processes/failing-stores.js';
import { quick, RealWorld, until, whenAllowed } from './processes/real-world.js';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const strict = {
  accounts: ['crm', 'erp'],
  rotation: { kind: 'strict' },
  provider: { inDoubt: 'resend-once' },
} as const;

const refreshesOf = ({ server }: RealWorld, account: string) =>
  server.log.where({ operation: 'refresh' }).filter(({ accountId }) => accountId === account);

/** How many pairs wait in the escrow of all processes: slots whose head is not empty. */
function waiting({ folder }: RealWorld): number {
  const slot = 128 * 1024;
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const files = paths.filter((path) => path.endsWith('.escrow')).map((path) => join(folder, path));
  let pairs = 0;
  for (const path of files.filter((each) => statSync(each).isFile())) {
    const bytes = readFileSync(path);
    for (let at = 0; at < bytes.length; at += slot) pairs += bytes.readUInt32BE(at) === 0 ? 0 : 1;
  }
  return pairs;
}

/** Whether an engine hands out the newest token once its view, which may be a second old, has ended. */
async function livingSoon(world: RealWorld, engine: TokenEngine, key: string): Promise<boolean> {
  const endsAt = performance.now() + 2_000;
  for (;;) {
    const token = await whenAllowed(() => engine.getToken(key));
    if (token.reveal() === world.server.truth.current(key)?.accessToken) return true;
    if (performance.now() > endsAt) return false;
    await pause(quick.viewMaxAgeMs);
  }
}

/** A process whose reply has come, and that has not yet begun to save it. */
async function repliedTo(world: RealWorld, key: string) {
  const holder = await world.process();
  const trapAt = { at: 'CP6', signal: 'SIGSTOP' };
  const renewal = holder.ask('renew', { key, trapAt });
  renewal.catch(() => {});
  await holder.standsStill();
  return { holder, renewal };
}

describeStores(storeKinds, ({ name }) => {
  let failing: FailingStore;
  beforeAll(async () => {
    failing = await startFailing(name);
  });
  afterAll(() => failing.stores.stop());

  test.each(failureNames[name])(
    'F57 a store that %s after the 200: the pair waits in escrow and serves, nobody resends, and a kill loses nothing',
    async (what) => {
      await using world = await RealWorld.begin(strict, failing.stores);
      const replica = await world.engine();
      for (const key of strict.accounts) await replica.getToken(key);
      const [lasting, killed] = [await repliedTo(world, 'crm'), await repliedTo(world, 'erp')];
      const mend = await failing.failures[what]?.(world.store);
      for (const { holder } of [lasting, killed]) holder.signal('SIGCONT');

      // Both are served the new pair, and have it in escrow.
      expect(world.isIssued(await lasting.renewal, 2)).toBe(true);
      expect((await killed.renewal).generation).toBe(2);
      expect(waiting(world)).toBe(2);
      await killed.holder.kill();

      // Past the lease the other replica has no more than what it has seen, and asks for nothing.
      await pause(1.5 * quick.leaseMs);
      for (const key of strict.accounts) {
        const error = await replica.renew(key).catch((thrown) => thrown);
        expect(TokenError.is(error)).toBe(true);
        expect((await replica.getToken(key)).generation).toBe(1);
        expect(refreshesOf(world, key)).toHaveLength(1);
      }
      expect((await lasting.holder.ask('token', { key: 'crm' })).generation).toBe(2);
      expect(waiting(world)).toBe(2);

      await mend?.();
      // One commits what it has; of the other, whoever starts next finds the pair.
      await until(() => waiting(world) <= 1);
      const next = await world.engine();
      for (const engine of [next, replica]) {
        for (const key of strict.accounts) {
          expect(await livingSoon(world, engine, key)).toBe(true);
        }
      }
      expect(waiting(world)).toBe(0);
      for (const key of strict.accounts) {
        expect(refreshesOf(world, key)).toHaveLength(1);
        // What was kept is the living pair.
        await whenAllowed(() => next.renew(key));
        expect(world.server.truth.family(key)?.revoked).toBe(false);
      }
      expect(world.server.log.replays()).toEqual([]);
      expect(world.server.log.logins()).toHaveLength(2);
    },
  );
});
