import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { type Escrow, fileEscrow, processHolder, systemRandom } from '@tokenkeep/core';
import { fault } from '@tokenkeep/testing';
import { TroubledStore } from './troubled-store.js';
import { authRefreshWorld, World } from './world.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tokenkeep-stopped-'));
  folders.push(folder);
  return folder;
}

/** An engine with a real escrow file; the clock waits for the disk. */
async function engineOf(
  world: World,
  folder: string,
  setup: Awaited<ReturnType<typeof authRefreshWorld>>,
) {
  const { providers, accounts } = setup;
  const holder = processHolder(systemRandom());
  const real = fileEscrow(folder, holder);
  const { clock } = world;
  const escrow: Escrow = {
    reserve: () => clock.track(async () => real.reserve?.()),
    put: (entry) => clock.track(() => real.put(entry)),
    entries: () => clock.track(() => real.entries()),
    remove: (id) => clock.track(() => real.remove(id)),
    close: () => clock.track(() => real.close()),
  };
  // A connection of its own, which is closed with its engine.
  const connection = new TroubledStore(world.store, clock);
  const engine = await world.engine({
    providers,
    accounts,
    holder,
    escrow,
    store: connection.store,
  });
  return { engine, connection };
}

test.each(['never-resend', 'resend-once'] as const)(
  'a pair that arrives after stop() is found in escrow by the next engine of the same process (%s)',
  async (inDoubt) => {
    await using world = new World();
    const folder = newFolder();
    const setup = await authRefreshWorld(world, { provider: { inDoubt } });
    const { server } = setup;
    const { engine: one, connection } = await engineOf(world, folder, setup);
    await world.run(one.getToken('crm'));
    await world.clock.advance(HOUR + SECOND);
    server.faults.next('refresh', fault.delay(40 * SECOND));
    const waiting = one.getToken('crm').catch(() => undefined);
    await world.clock.advance(SECOND);
    await world.run(one.stop());
    connection.fails = () => true;
    await waiting;

    const { engine: two } = await engineOf(world, folder, setup);
    await world.clock.advance(5 * MINUTE);
    const token = await world.run(two.getToken('crm'));
    expect(server.truth.accepts(token.reveal())).toBe(true);
    expect(server.log.replays()).toEqual([]);
    expect(server.log.count({ operation: 'obtain' })).toBe(1);
    expect(server.log.count({ operation: 'refresh' })).toBe(1);

    // What was brought home is not kept for a third.
    await world.run(two.stop());
    const { engine: three } = await engineOf(world, folder, setup);
    expect(world.seen('escrow:replayed')).toHaveLength(1);
    expect(world.seen('escrow:discarded')).toHaveLength(0);
    await world.run(three.stop());
    expect(readdirSync(folder).length).toBeLessThanOrEqual(1);
  },
);
